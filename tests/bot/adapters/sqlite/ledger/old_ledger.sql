BEGIN TRANSACTION;
CREATE TABLE audit (
            number  INTEGER PRIMARY KEY,     -- from 1, without gaps
            content TEXT NOT NULL,           -- canonical JSON, with the number and the hash of the entry before
            hash    TEXT NOT NULL            -- SHA-256 of the content
            , once TEXT GENERATED ALWAYS AS (json_extract(content, '$.once')), at REAL GENERATED ALWAYS AS (json_extract(content, '$.at')), person_id TEXT GENERATED ALWAYS AS (json_extract(content, '$.by.id')), job TEXT GENERATED ALWAYS AS (json_extract(content, '$.job')), project TEXT GENERATED ALWAYS AS (json_extract(content, '$.project')), what TEXT GENERATED ALWAYS AS (json_extract(content, '$.what')), does TEXT GENERATED ALWAYS AS (json_extract(content, '$.does')), decided TEXT GENERATED ALWAYS AS (json_extract(content, '$.decided'))
        ) STRICT;
INSERT INTO "audit" VALUES(1,'{"at":1800014400.0,"by":{"id":"7001","name":"\u307f\u304b","roles":[]},"channel":"0","decided":"allowed","does":"start","engine_id":"","guild":"0","job":"twcrd2","number":1,"once":"start:twcrd2","options":{},"previous":"0000000000000000000000000000000000000000000000000000000000000000","project":"mnist","thread":"0","time":"2027-01-15T12:00:00.000+00:00","what":"","why":""}','9a99906d9a05ab27ede68a6f2aefb4ece3140c8ba8648e70594b8ff7f9720d21');
INSERT INTO "audit" VALUES(2,'{"at":1799935200.0,"by":{"id":"7002","name":"noor","roles":[]},"channel":"0","decided":"allowed","does":"start","engine_id":"","guild":"0","job":"swpld3","number":2,"once":"start:swpld3","options":{},"previous":"9a99906d9a05ab27ede68a6f2aefb4ece3140c8ba8648e70594b8ff7f9720d21","project":"mnist","thread":"0","time":"2027-01-14T14:00:00.000+00:00","what":"","why":""}','142baca3c4b1b327d6080ff1f0274916a1abff196c8ab22d81af025c4c5b9a83');
INSERT INTO "audit" VALUES(3,'{"at":1799935200.0,"by":{"id":"7001","name":"mika","roles":[]},"channel":"0","decided":"allowed","does":"start","engine_id":"","guild":"0","job":"nprc44","number":3,"once":"start:nprc44","options":{},"previous":"142baca3c4b1b327d6080ff1f0274916a1abff196c8ab22d81af025c4c5b9a83","project":"gone","thread":"0","time":"2027-01-14T14:00:00.000+00:00","what":"","why":""}','8888b040dd4d4ca6bfe32044c0497b7cdc1f8e8c59a2ea7670409ddd506b3b45');
CREATE TABLE audit_channel (
            only         INTEGER PRIMARY KEY CHECK (only = 1),
            channel_id   INTEGER NOT NULL,
            posted       INTEGER NOT NULL,   -- entries up to this number are settled
            message_id   INTEGER NOT NULL,   -- the last message; 0 before the first
            until        INTEGER,            -- of the message under way, if there is one: its last entry
            nonce        TEXT NOT NULL,
            text         TEXT NOT NULL,
            attempted_at REAL
        ) STRICT;
CREATE TABLE draft (
            id      TEXT PRIMARY KEY,
            made_at REAL NOT NULL,
            json    TEXT NOT NULL
        ) STRICT;
CREATE TABLE job (
            number         INTEGER PRIMARY KEY,  -- in the order of arrival
            id             TEXT NOT NULL UNIQUE,
            interaction_id INTEGER NOT NULL UNIQUE,
            project        TEXT NOT NULL,
            channel_id     INTEGER NOT NULL,
            asker_id       INTEGER NOT NULL,
            engine_id       TEXT,
            live           INTEGER NOT NULL,
            open           INTEGER NOT NULL,     -- whether it needs anything still
            lines_posted     INTEGER NOT NULL,
            log_total      INTEGER NOT NULL DEFAULT 0,
            json           TEXT NOT NULL
        , sweep_id TEXT REFERENCES job (id), log_stored INTEGER NOT NULL DEFAULT 0, log_bytes INTEGER NOT NULL DEFAULT 0, log_head INTEGER NOT NULL DEFAULT 0, log_tail INTEGER NOT NULL DEFAULT 0) STRICT;
INSERT INTO "job" VALUES(1,'twcrd2',9000001,'mnist',8001,7001,NULL,0,1,0,0,'{"id":"twcrd2","kind":"job","request":{"asker_id":7001,"asker_name":"\u307f\u304b","channel_id":8001,"interaction_id":9000001,"created_at":1800014400.0,"retry_of":null},"run":{"project":"mnist","commit":{"sha":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","branch":"main","subject":"Warm up the learning rate"},"parameters":{"lr":0.1,"momentum":0.5,"epochs":10},"timeout_seconds":3600,"key":"","results":"","quote":{"usd_per_hour":2.0,"timeout_seconds":3600.0,"terms":"spot","machine":"g5.xlarge","usual_usd_per_hour":1.0,"usual_machine":"g4dn.xlarge","usual_on_demand_usd_per_hour":3.0,"runs":1,"at_once":0,"attempts":2,"billed_seconds":0.0,"expected_seconds":null,"priced_at":0.0,"stale":false}},"execution":{"state":"SUCCEEDED","state_since":null,"unanswered_since":null,"credentials_expired":false,"started_at":1800014400.0,"ended_at":1800021600.0,"reason":"succeeded","detail":"","stop":null,"hold":null,"approval":null,"paused_by":"","engine_id":null,"submit_called_at":null,"status_reason":"","wait":null,"attempts":[{"log_stream":"a","started_at":1800014400.0,"stopped_at":1800016200.0,"exit_code":null,"reason":""},{"log_stream":"b","started_at":1800018000.0,"stopped_at":1800021600.0,"exit_code":0,"reason":""}],"attempts_ended":0},"progress":{"epoch":null,"epochs":null,"latest":{},"best":null,"best_epoch":null,"first_at":null,"last_at":null,"epochs_seen":0,"records":[],"unit":"epoch","exact":null,"first_exact":null,"stream":""},"publication":{"card_id":null,"thread_id":null,"revision":1,"shown_revision":0,"lines_posted":0,"archived_at":null,"recovered_at":null,"result":{"committed_at":null,"channel_id":null,"refused_in":[],"undeliverable":"","readings":0},"closed":{"why":"","thread_id":0,"since":0.0,"refusals":0,"gone":false},"card_lost":"","card_gone":false},"watch":{"saved":{"scope":"","stage_seconds":0.0,"quiet_seconds":0.0,"spoke_at":0},"losses":{"stream":"","at":0,"named":false,"was_finite":false,"bad":{"rows":0,"since":0},"high":{"rows":0,"since":0},"best":{},"name":"","value":0.0},"warned":[],"left":[],"said":0}}',NULL,0,0,0,0);
INSERT INTO "job" VALUES(2,'swpld3',9000002,'mnist',8001,7002,NULL,1,1,0,0,'{"id":"swpld3","kind":"sweep","request":{"asker_id":7002,"asker_name":"noor","channel_id":8001,"interaction_id":9000002,"created_at":1799935200.0,"retry_of":null},"run":{"project":"mnist","commit":{"sha":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","branch":"main","subject":"Warm up the learning rate"},"parameters":{"lr":0.1,"momentum":0.5,"epochs":10},"timeout_seconds":3600,"key":"","results":"","quote":{"usd_per_hour":2.0,"timeout_seconds":3600.0,"terms":"spot","machine":"g5.xlarge","usual_usd_per_hour":1.0,"usual_machine":"g4dn.xlarge","usual_on_demand_usd_per_hour":3.0,"runs":4,"at_once":0,"attempts":2,"billed_seconds":0.0,"expected_seconds":null,"priced_at":0.0,"stale":false}},"plan":{"text":"lr=0.1,0.01","space":{"axes":[{"name":"lr","kind":"float","values":[0.1,0.01],"low":0.0,"high":0.0,"log":false}],"encoded":{"axes":[["lr",[0.1,0.01]]]}},"search":"grid","trials":4,"parallel":0,"folds":1,"stop_losers":true,"seed":0,"numbers":"","carried_over":0},"tally":{"counts":{"succeeded":2,"pruned":1,"running":1},"leaders":[],"failures":[],"seconds":7200.0,"saved_seconds":3600.0,"progress":0.0,"incomplete":0,"first_incomplete":null},"board":{"picture":"","shown_picture":"","painted_revision":-1,"importance":{}},"execution":{"state":"INTENT","state_since":null,"unanswered_since":null,"credentials_expired":false,"started_at":null,"ended_at":null,"reason":null,"detail":"","stop":null,"hold":null,"approval":null,"paused_by":""},"publication":{"card_id":null,"thread_id":null,"revision":0,"shown_revision":0,"lines_posted":0,"archived_at":null,"recovered_at":null,"result":{"committed_at":null,"channel_id":null,"refused_in":[],"undeliverable":"","readings":0},"closed":{"why":"","thread_id":0,"since":0.0,"refusals":0,"gone":false},"card_lost":"","card_gone":false},"watch":{"saved":{"scope":"","stage_seconds":0.0,"quiet_seconds":0.0,"spoke_at":0},"losses":{"stream":"","at":0,"named":false,"was_finite":false,"bad":{"rows":0,"since":0},"high":{"rows":0,"since":0},"best":{},"name":"","value":0.0},"warned":[],"left":[],"said":0}}',NULL,0,0,0,0);
INSERT INTO "job" VALUES(3,'nprc44',9000003,'gone',8001,7001,NULL,1,1,0,0,'{"id":"nprc44","kind":"job","request":{"asker_id":7001,"asker_name":"mika","channel_id":8001,"interaction_id":9000003,"created_at":1799935200.0,"retry_of":null},"run":{"project":"gone","commit":{"sha":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","branch":"main","subject":"Warm up the learning rate"},"parameters":{"lr":0.1,"momentum":0.5,"epochs":10},"timeout_seconds":3600,"key":"","results":"","quote":null},"execution":{"state":"INTENT","state_since":null,"unanswered_since":null,"credentials_expired":false,"started_at":null,"ended_at":null,"reason":null,"detail":"","stop":null,"hold":null,"approval":null,"paused_by":"","engine_id":null,"submit_called_at":null,"status_reason":"","wait":null,"attempts":[],"attempts_ended":0},"progress":{"epoch":null,"epochs":null,"latest":{},"best":null,"best_epoch":null,"first_at":null,"last_at":null,"epochs_seen":0,"records":[],"unit":"epoch","exact":null,"first_exact":null,"stream":""},"publication":{"card_id":null,"thread_id":null,"revision":0,"shown_revision":0,"lines_posted":0,"archived_at":null,"recovered_at":null,"result":{"committed_at":null,"channel_id":null,"refused_in":[],"undeliverable":"","readings":0},"closed":{"why":"","thread_id":0,"since":0.0,"refusals":0,"gone":false},"card_lost":"","card_gone":false},"watch":{"saved":{"scope":"","stage_seconds":0.0,"quiet_seconds":0.0,"spoke_at":0},"losses":{"stream":"","at":0,"named":false,"was_finite":false,"bad":{"rows":0,"since":0},"high":{"rows":0,"since":0},"best":{},"name":"","value":0.0},"warned":[],"left":[],"said":0}}',NULL,0,0,0,0);
CREATE TABLE latest_time (only INTEGER PRIMARY KEY CHECK (only = 1), at REAL NOT NULL) STRICT;
INSERT INTO "latest_time" VALUES(1,1800021600.0);
CREATE TABLE ledger (
            id            TEXT PRIMARY KEY REFERENCES job (id),
            kind          TEXT NOT NULL,         -- job or sweep
            project       TEXT NOT NULL,
            asker_id      INTEGER NOT NULL,
            channel_id    INTEGER NOT NULL,
            created_at    REAL NOT NULL,
            counted_at    REAL NOT NULL,         -- the day and the month that it counts in
            ended_at      REAL,
            live          INTEGER NOT NULL,
            places        INTEGER NOT NULL,      -- live jobs; of a sweep, the trials that may run at once
            spent_seconds REAL NOT NULL,
            saved_seconds REAL NOT NULL,         -- of trials that were stopped early
            machines      INTEGER NOT NULL,
            spent_usd     REAL,
            reserved_usd  REAL                   -- what may still be spent
        ) STRICT, WITHOUT ROWID;
INSERT INTO "ledger" VALUES('nprc44','job','gone',7001,8001,1799935200.0,1800021600.0,NULL,1,1,0.0,0.0,0,NULL,NULL);
INSERT INTO "ledger" VALUES('swpld3','sweep','mnist',7002,8001,1799935200.0,1800021600.0,NULL,1,1,7200.0,3600.0,4,2.0,4.0);
INSERT INTO "ledger" VALUES('twcrd2','job','mnist',7001,8001,1800014400.0,1800014400.0,1800021600.0,0,0,5400.0,0.0,2,1.5,0.0);
CREATE TABLE log_line (
            id        INTEGER PRIMARY KEY,       -- the job's number, 32 bits to the left, and the line's
            job       INTEGER NOT NULL,          -- its number
            event_id  TEXT NOT NULL,
            stream_id INTEGER NOT NULL,
            timestamp INTEGER NOT NULL,
            message   TEXT NOT NULL
        ) STRICT;
CREATE TABLE log_stream (
            id     INTEGER PRIMARY KEY,
            job_id TEXT NOT NULL REFERENCES job (id),
            name   TEXT NOT NULL,
            newest INTEGER NOT NULL, dropped_until INTEGER NOT NULL DEFAULT -1,             -- ms since the epoch
            UNIQUE (job_id, name)
        ) STRICT;
CREATE TABLE pause (
            only       INTEGER PRIMARY KEY CHECK (only = 1),
            paused     INTEGER NOT NULL,
            by_id      INTEGER NOT NULL,
            by_name    TEXT NOT NULL,
            reason     TEXT NOT NULL,
            at         REAL NOT NULL,
            announced  TEXT NOT NULL             -- the channels that know, as JSON
        ) STRICT;
CREATE TABLE post (
            id           INTEGER PRIMARY KEY AUTOINCREMENT,
            key          TEXT NOT NULL UNIQUE,
            job_id       TEXT NOT NULL REFERENCES job (id),
            lane         TEXT NOT NULL,
            kind         TEXT NOT NULL,
            text         TEXT NOT NULL,
            digest       INTEGER NOT NULL,
            created_at   REAL NOT NULL,
            attempted_at REAL,
            attempts     INTEGER NOT NULL DEFAULT 0,
            message_id   INTEGER,
            done_at      REAL,                   -- delivered, or parked
            parked       TEXT NOT NULL DEFAULT ''
        ) STRICT;
CREATE TABLE post_file (
            post_id INTEGER NOT NULL REFERENCES post (id),
            place   INTEGER NOT NULL,
            name    TEXT NOT NULL,
            content BLOB NOT NULL,
            path    TEXT NOT NULL,
            PRIMARY KEY (post_id, place)
        ) STRICT;
CREATE TABLE trial (
            sweep_id TEXT NOT NULL REFERENCES job (id),
            number   INTEGER NOT NULL,           -- from 0
            open     INTEGER NOT NULL,           -- whether there is anything to learn of it still
            json     TEXT NOT NULL,
            PRIMARY KEY (sweep_id, number)
        ) STRICT, WITHOUT ROWID;
CREATE INDEX job_open ON job (number) WHERE open;
CREATE INDEX job_behind ON job (number) WHERE log_total > lines_posted;
CREATE INDEX post_pending ON post (job_id, lane) WHERE done_at IS NULL;
CREATE INDEX post_by_lane ON post (job_id, lane, message_id);
CREATE VIEW post_next AS SELECT * FROM post
            WHERE id IN (SELECT min(id) FROM post WHERE done_at IS NULL GROUP BY job_id, lane);
CREATE INDEX job_by_project ON job (project) WHERE sweep_id IS NULL;
CREATE INDEX job_by_channel ON job (channel_id) WHERE sweep_id IS NULL;
CREATE INDEX job_by_asker ON job (asker_id) WHERE sweep_id IS NULL;
CREATE INDEX job_by_engine_id ON job (engine_id) WHERE engine_id IS NOT NULL;
CREATE INDEX job_submission ON job (sweep_id) WHERE sweep_id IS NOT NULL;
CREATE INDEX job_posted ON job (number) WHERE sweep_id IS NULL;
CREATE UNIQUE INDEX audit_once ON audit (once);
CREATE INDEX audit_by_person ON audit (person_id);
CREATE INDEX audit_by_job ON audit (job) WHERE job <> '';
CREATE INDEX audit_by_time ON audit (at);
CREATE TRIGGER audit_refuses_update BEFORE UPDATE ON audit WHEN 1
        BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
CREATE TRIGGER audit_refuses_delete BEFORE DELETE ON audit WHEN 1
        BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
CREATE TRIGGER audit_refuses_insert BEFORE INSERT ON audit WHEN NEW.number <> (SELECT coalesce(max(number), 0) + 1 FROM audit)
            OR json_extract(NEW.content, '$.number') IS NOT NEW.number
            OR json_extract(NEW.content, '$.previous') IS NOT
                coalesce((SELECT hash FROM audit ORDER BY number DESC LIMIT 1), '0000000000000000000000000000000000000000000000000000000000000000')
        BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
CREATE UNIQUE INDEX log_line_once ON log_line (job, event_id);
CREATE INDEX ledger_by_asker ON ledger (asker_id, counted_at);
CREATE INDEX ledger_by_project ON ledger (project, counted_at);
CREATE INDEX ledger_live ON ledger (project, asker_id) WHERE live;
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('post',1795971985753);
COMMIT;
PRAGMA user_version = 8;
PRAGMA application_id = 1371840944;
