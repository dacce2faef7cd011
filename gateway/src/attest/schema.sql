-- Whether a phone proved where its keys are; else level and uv are what it says (push-v1 §5.3).
ALTER TABLE device ADD COLUMN attested INTEGER NOT NULL DEFAULT 0;
