-- Finding mail that is like a message: by sender, list and keyword. Memory judges it anew when it learns.

CREATE INDEX messages_sender ON messages (from_address COLLATE NOCASE, sort_key) WHERE gone_at IS NULL;
CREATE INDEX messages_list ON messages (list_id, sort_key) WHERE gone_at IS NULL AND list_id IS NOT NULL;
CREATE INDEX messages_folder ON messages (folder_id, sort_key) WHERE gone_at IS NULL;
CREATE INDEX messages_keywords ON messages (keywords, sort_key) WHERE gone_at IS NULL AND keywords <> '';
