CREATE TABLE IF NOT EXISTS visits (time timestamptz NOT NULL DEFAULT now());
