-- What a round looks for is few of many: without these it would read every device and every approval, and writers would wait.
CREATE INDEX device_pending ON device (until) WHERE state = 'pending';
CREATE INDEX device_gone ON device (gone) WHERE state = 'gone';
CREATE INDEX approval_open ON approval (ends) WHERE state IN ('pending', 'approved');
CREATE INDEX enrol_code_x ON enrol_code (x);
CREATE INDEX invitation_x ON invitation (x) WHERE receipt IS NOT NULL;
CREATE INDEX push_pause_until ON push_pause (until);
CREATE INDEX notice_text_number ON notice_text (number);
CREATE INDEX notice_person ON notice (person);
CREATE INDEX joined_e ON joined (e);
CREATE INDEX known_browser_person ON known_browser (person);
