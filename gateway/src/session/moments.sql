-- Each moment by the monotonic clock too, in the run that it belongs to: a wall clock set back makes nothing fresh. What an
-- older gateway wrote belongs to no run. And: when a second factor was right that was asked for as looking after devices.
ALTER TABLE session ADD COLUMN began_run INTEGER;
ALTER TABLE session ADD COLUMN began_mono INTEGER;
ALTER TABLE session ADD COLUMN seen_run INTEGER;
ALTER TABLE session ADD COLUMN seen_mono INTEGER;
ALTER TABLE session ADD COLUMN second_run INTEGER;
ALTER TABLE session ADD COLUMN second_mono INTEGER;
ALTER TABLE session ADD COLUMN manage_at INTEGER;
ALTER TABLE session ADD COLUMN manage_run INTEGER;
ALTER TABLE session ADD COLUMN manage_mono INTEGER;
ALTER TABLE session ADD COLUMN voucher_run INTEGER;
ALTER TABLE session ADD COLUMN voucher_mono INTEGER;
