-- When a second factor was right that was asked for as adding a device: a yes to anything else adds none (push-v1 §5.6).
ALTER TABLE session ADD COLUMN enrol_at INTEGER;
ALTER TABLE session ADD COLUMN enrol_run INTEGER;
ALTER TABLE session ADD COLUMN enrol_mono INTEGER;
