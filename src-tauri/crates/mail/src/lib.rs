//! IMAP sessions behind a guard, MIME to text and facts, import of mail files.
