-- Windows, announcements and reminders have timers. Deployments that were there before look at once what they wait for;
-- one that waits for nothing takes its timer away.
INSERT OR IGNORE INTO timers (deployment, name, due) SELECT id, 'agenda', 0 FROM deployments WHERE archived = 0;
INSERT OR IGNORE INTO timers (deployment, name, due) SELECT id, 'remind', 0 FROM deployments WHERE over = 0;
