-- When a change of keys was made: so many a day and device (push-v1 §11).
ALTER TABLE key_change ADD COLUMN made INTEGER NOT NULL DEFAULT 0;

-- Of a device that is gone, its id, its public keys and why it went are kept, and nothing that describes it (push-v1 §13).
UPDATE device SET name = '', os = NULL, model = NULL, app = NULL, level = NULL, uv = NULL, auth = NULL, endpoint = NULL,
  eh = NULL, activated = NULL, used = NULL, suspended = NULL, suspended_why = NULL, ok = NULL, totp = NULL, attested = 0
  WHERE state = 'gone';
