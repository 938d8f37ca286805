// The catalogue, the profile and the contact form in Express, with SQL by hand: a peer to measure against.

import { randomUUID } from "node:crypto";
import express from "express";
import jwt from "jsonwebtoken";
import pg from "pg";
import { currentPage, pageOf, serveInTwo } from "../shared.mjs";

pg.types.setTypeParser(pg.types.builtins.DATE, (text) => text); // a day has no time zone
const pool = new pg.Pool({ max: 10 }); // PGHOST and its family say where

const COURSE = `course.id, course.title, course.slug, course.description, course.instructor_id, course.category,
  course.level, course.price, course.currency, course.duration_hours, course.capacity, course.thumbnail,
  course.is_published, course.is_featured, course.created_at, course.updated_at,
  teacher.first_name, teacher.last_name`;
const PUBLISHED = `FROM courses_course course LEFT JOIN users_user teacher ON teacher.id = course.instructor_id
  WHERE course.is_published`;
const PROFILE = `SELECT person.id, person.email, person.first_name, person.last_name, person.phone_number,
    person.user_type, person.requested_user_type, person.profile_picture, person.bio, person.date_of_birth,
    person.totp_enabled, person.email_verified, person.is_staff, person.created_at, person.updated_at
  FROM users_session session JOIN users_user person ON person.id = session.user_id
  WHERE session.id = $1 AND session.ended_at IS NULL AND session.expires_at > now() AND person.is_active`;
const NEW_CONTACT = `INSERT INTO contacts_contact (id, name, email, email_canonical, phone, subject, message, status,
    internal_notes, response_message, is_spam, spam_score, spam_reasons, ip_address, user_agent, created_at, updated_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7, 'new', '', '', false, 0, '[]', $8, $9, now(), now())
  RETURNING id, name, email, phone, subject, message, status, created_at`;

function courseOf({ instructor_id: teacher, first_name: first, last_name: last, ...row }) {
  const instructor = teacher && { id: teacher, name: `${first} ${last}`.trim() };
  return { ...row, instructor, price: Number(row.price).toFixed(2), thumbnail: row.thumbnail || null };
}

const app = express();
app.set("trust proxy", 1);
app.use(express.json());

app.get("/api/v1/courses/courses/", async (request, response) => {
  const { size, offset } = currentPage(request);
  const [counted, page] = await Promise.all([
    pool.query("SELECT count(*) FROM courses_course WHERE is_published"),
    pool.query(`SELECT ${COURSE} ${PUBLISHED} ORDER BY course.created_at DESC, course.id DESC LIMIT $1 OFFSET $2`, [
      size,
      offset,
    ]),
  ]);
  response.json(pageOf(request, Number(counted.rows[0].count), page.rows.map(courseOf)));
});

app.get("/api/v1/courses/courses/:slug/", async (request, response) => {
  const found = await pool.query(`SELECT ${COURSE} ${PUBLISHED} AND course.slug = $1`, [request.params.slug]);
  if (!found.rowCount) return response.status(404).json({ detail: "There is no such course." });
  const course = courseOf(found.rows[0]);
  const outline = "SELECT id, position, title FROM courses_lesson WHERE course_id = $1 ORDER BY position";
  const lessons = await pool.query(outline, [course.id]);
  response.json({ ...course, lessons: lessons.rows });
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
  const found = await pool.query(PROFILE, [claims.sid]);
  if (!found.rowCount) return response.status(401).json({ detail: "The session has ended." });
  response.json({ ...found.rows[0], profile_picture: found.rows[0].profile_picture || null });
});

app.post("/api/v1/contacts/contacts/", async (request, response) => {
  const { name, email, phone = "", subject = "", message } = request.body;
  const agent = request.get("user-agent") ?? "";
  const values = [randomUUID(), name, email, email.toLowerCase(), phone, subject, message, request.ip, agent];
  const stored = await pool.query(NEW_CONTACT, values);
  response.status(201).json(stored.rows[0]);
});

serveInTwo(app);
