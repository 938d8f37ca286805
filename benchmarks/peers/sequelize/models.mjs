// The tables that titanobova's migrations made, as Sequelize sees them.

import { DataTypes, Sequelize } from "sequelize";

const { PGHOST: host, PGPORT: port, PGDATABASE: database, PGUSER: username, PGPASSWORD: password } = process.env;
export const sequelize = new Sequelize({
  dialect: "postgres",
  host,
  port,
  database,
  username,
  password,
  logging: false,
  pool: { max: 10 },
  define: { timestamps: false, underscored: true },
});

const { BOOLEAN, DATE, DATEONLY, DECIMAL, INTEGER, JSONB, STRING, TEXT, UUID, UUIDV4, NOW } = DataTypes;
// Made anew for each column: Sequelize writes the column's name into it.
const key = () => ({ type: UUID, primaryKey: true, defaultValue: UUIDV4 });
const text = () => ({ type: TEXT, defaultValue: "" });
const now = () => ({ type: DATE, defaultValue: NOW });

export const User = sequelize.define("user", {
  id: key(),
  email: STRING,
  first_name: STRING,
  last_name: STRING,
  phone_number: STRING,
  user_type: STRING,
  requested_user_type: STRING,
  profile_picture: STRING,
  bio: TEXT,
  date_of_birth: DATEONLY,
  totp_enabled: BOOLEAN,
  email_verified: BOOLEAN,
  is_active: BOOLEAN,
  is_staff: BOOLEAN,
  created_at: DATE,
  updated_at: DATE,
}, { tableName: "users_user" });

export const Session = sequelize.define("session", {
  id: key(),
  expires_at: DATE,
  ended_at: DATE,
}, { tableName: "users_session" });

export const Course = sequelize.define("course", {
  id: key(),
  title: STRING,
  slug: STRING,
  description: TEXT,
  category: STRING,
  level: STRING,
  price: DECIMAL(12, 3),
  currency: STRING,
  duration_hours: INTEGER,
  capacity: INTEGER,
  thumbnail: STRING,
  is_published: BOOLEAN,
  is_featured: BOOLEAN,
  created_at: DATE,
  updated_at: DATE,
}, { tableName: "courses_course" });

export const Lesson = sequelize.define("lesson", {
  id: key(),
  position: INTEGER,
  title: STRING,
}, { tableName: "courses_lesson" });

export const Contact = sequelize.define("contact", {
  id: key(),
  name: STRING,
  email: STRING,
  email_canonical: STRING,
  phone: text(),
  subject: text(),
  message: TEXT,
  status: { type: STRING, defaultValue: "new" },
  internal_notes: text(),
  response_message: text(),
  is_spam: { type: BOOLEAN, defaultValue: false },
  spam_score: { type: INTEGER, defaultValue: 0 },
  spam_reasons: { type: JSONB, defaultValue: [] },
  ip_address: STRING,
  user_agent: text(),
  created_at: now(),
  updated_at: now(),
}, { tableName: "contacts_contact" });

Session.belongsTo(User, { foreignKey: "user_id" });
Course.belongsTo(User, { as: "instructor", foreignKey: "instructor_id" });
Course.hasMany(Lesson, { as: "lessons", foreignKey: "course_id" });
