"""How mail leaves: claimed by one worker, handed to SendGrid or an SMTP server, and what came of it kept."""
