// The same in Express with Sequelize: a peer to measure against.

import express from "express";
import jwt from "jsonwebtoken";
import { Op } from "sequelize";
import { currentPage, pageOf, serveInTwo } from "../shared.mjs";
import { Contact, Course, Lesson, Session, User } from "./models.mjs";

const TEACHER = { model: User, as: "instructor", attributes: ["id", "first_name", "last_name"] };
const OUTLINE = { model: Lesson, as: "lessons", attributes: ["id", "position", "title"] };
const COURSE = { exclude: ["instructor_id"] };
const PROFILE = { exclude: ["is_active"] };
const RECEIPT = ["id", "name", "email", "phone", "subject", "message", "status", "created_at"];

function courseOf(course) {
  const row = course.get({ plain: true });
  const { id, first_name: first, last_name: last } = row.instructor ?? {};
  const instructor = id ? { id, name: `${first} ${last}`.trim() } : null;
  return { ...row, instructor, price: Number(row.price).toFixed(2), thumbnail: row.thumbnail || null };
}

const app = express();
app.set("trust proxy", 1);
app.use(express.json());

app.get("/api/v1/courses/courses/", async (request, response) => {
  const { size, offset } = currentPage(request);
  const { count, rows } = await Course.findAndCountAll({
    attributes: COURSE,
    where: { is_published: true },
    include: TEACHER,
    order: [["created_at", "DESC"], ["id", "DESC"]],
    limit: size,
    offset,
  });
  response.json(pageOf(request, count, rows.map(courseOf)));
});

app.get("/api/v1/courses/courses/:slug/", async (request, response) => {
  const course = await Course.findOne({
    attributes: COURSE,
    where: { is_published: true, slug: request.params.slug },
    include: [TEACHER, OUTLINE],
    order: [["lessons", "position", "ASC"]],
  });
  if (!course) return response.status(404).json({ detail: "There is no such course." });
  response.json(courseOf(course));
});

app.get("/api/v1/users/profile/", async (request, response) => {
  let claims;
  try {
    claims = jwt.verify(request.get("authorization").slice("Bearer ".length), process.env.JWT_KEY, {
      algorithms: ["HS256"],
    });
  } catch {
    return response.status(401).json({ detail: "The token is not valid." });
  }
  const session = await Session.findOne({
    where: { id: claims.sid, ended_at: null, expires_at: { [Op.gt]: new Date() } },
    include: { model: User, attributes: PROFILE, where: { is_active: true } },
  });
  if (!session) return response.status(401).json({ detail: "The session has ended." });
  const person = session.user.get({ plain: true });
  response.json({ ...person, profile_picture: person.profile_picture || null });
});

app.post("/api/v1/contacts/contacts/", async (request, response) => {
  const { name, email, phone, subject, message } = request.body;
  const stored = await Contact.create({
    name,
    email,
    email_canonical: email.toLowerCase(),
    phone,
    subject,
    message,
    ip_address: request.ip,
    user_agent: request.get("user-agent"),
  });
  response.status(201).json(Object.fromEntries(RECEIPT.map((field) => [field, stored[field]])));
});

serveInTwo(app);
