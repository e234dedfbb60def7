-- The ledger. migrations/README.md explains every table and column for readers.

-- One row per content found at a path. The same path with new content is a new
-- row; the old one stays with current = 0.
CREATE TABLE item (
    id INTEGER PRIMARY KEY,
    watch TEXT NOT NULL,
    path TEXT NOT NULL,
    current INTEGER NOT NULL DEFAULT 1 CHECK (current IN (0, 1)),
    forgotten INTEGER NOT NULL DEFAULT 0 CHECK (forgotten IN (0, 1)),
    state TEXT NOT NULL CHECK (state IN (
        'found', 'settling', 'hashing', 'pending', 'registering', 'uploading', 'analysing',
        'fetching', 'done', 'duplicate', 'unconfirmed', 'held', 'failed', 'ignored', 'gone')),
    -- the file as it was last seen
    size INTEGER NOT NULL CHECK (size >= 0),
    mtime_ns INTEGER NOT NULL,
    device INTEGER NOT NULL,
    inode INTEGER NOT NULL,
    settle_since_ms INTEGER NOT NULL DEFAULT 0,
    settle_looks INTEGER NOT NULL DEFAULT 0,
    settle_changes INTEGER NOT NULL DEFAULT 0,
    sha256 TEXT CHECK (sha256 IS NULL OR length(sha256) = 64),
    duplicate_of INTEGER REFERENCES item (id),
    -- when and in which order it is worked on
    rank INTEGER NOT NULL,
    -- 1: there before its watch was first scanned whole; it waits for what was found since
    backlog INTEGER NOT NULL DEFAULT 0 CHECK (backlog IN (0, 1)),
    due_at INTEGER NOT NULL DEFAULT 0,
    -- the command that works on it by itself, while it does; 0 and NULL: the agent does
    holder_pid INTEGER NOT NULL DEFAULT 0,
    holder_boot TEXT,
    -- what is told to the platform
    name TEXT,
    vendor TEXT,
    product TEXT,
    version TEXT,
    product_category TEXT,
    product_group TEXT,
    analysis_configuration TEXT,
    release_date TEXT,
    notes TEXT,
    monitoring INTEGER NOT NULL DEFAULT 0 CHECK (monitoring IN (0, 1)),
    sbom_path TEXT,
    sbom_sha256 TEXT,
    sbom_only INTEGER NOT NULL DEFAULT 0 CHECK (sbom_only IN (0, 1)),
    -- what the platform told
    inventory_at INTEGER,
    upload_id TEXT,
    firmware_id TEXT,
    analysis_state TEXT,
    analysis_result TEXT,
    -- trouble
    attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    trouble_ms INTEGER NOT NULL DEFAULT 0,
    misses INTEGER NOT NULL DEFAULT 0,
    error_kind TEXT,
    error TEXT,
    first_error TEXT,
    -- when, in milliseconds since 1970 UTC
    found_at INTEGER NOT NULL,
    registered_at INTEGER,
    uploaded_at INTEGER,
    analysed_at INTEGER,
    done_at INTEGER
) STRICT;

CREATE UNIQUE INDEX item_path ON item (path, watch) WHERE current = 1;
CREATE INDEX item_lane ON item (state, backlog, rank DESC);
CREATE INDEX item_due ON item (state, due_at);
CREATE INDEX item_settling ON item (watch, backlog, due_at) WHERE state = 'settling' AND current = 1;
CREATE INDEX item_waiting ON item (found_at) WHERE forgotten = 0 AND state IN (
    'found', 'settling', 'hashing', 'pending', 'registering', 'uploading', 'unconfirmed');
CREATE INDEX item_content ON item (sha256, size) WHERE sha256 IS NOT NULL;
CREATE INDEX item_inode ON item (inode, size, mtime_ns) WHERE sha256 IS NOT NULL;
CREATE INDEX item_aliases ON item (duplicate_of) WHERE duplicate_of IS NOT NULL;
CREATE INDEX item_in_hand ON item (holder_pid) WHERE holder_pid <> 0;
CREATE UNIQUE INDEX item_firmware ON item (firmware_id) WHERE firmware_id IS NOT NULL;

-- How many items of which size stand in each state, kept by triggers: status must not count a
-- million rows.
CREATE TABLE item_count (
    watch TEXT NOT NULL,
    backlog INTEGER NOT NULL,
    state TEXT NOT NULL,
    items INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    PRIMARY KEY (watch, backlog, state)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER item_counted_in AFTER INSERT ON item WHEN NEW.forgotten = 0 BEGIN
    INSERT INTO item_count (watch, backlog, state, items, bytes)
        VALUES (NEW.watch, NEW.backlog, NEW.state, 1, NEW.size)
        ON CONFLICT (watch, backlog, state)
        DO UPDATE SET items = items + 1, bytes = bytes + NEW.size;
END;

CREATE TRIGGER item_counted_over AFTER UPDATE OF watch, backlog, state, forgotten, size ON item
    WHEN NEW.state <> OLD.state OR NEW.forgotten <> OLD.forgotten OR NEW.size <> OLD.size
        OR NEW.backlog <> OLD.backlog OR NEW.watch <> OLD.watch BEGIN
    UPDATE item_count SET items = items - 1, bytes = bytes - OLD.size
        WHERE watch = OLD.watch AND backlog = OLD.backlog AND state = OLD.state
        AND OLD.forgotten = 0;
    INSERT INTO item_count (watch, backlog, state, items, bytes)
        SELECT NEW.watch, NEW.backlog, NEW.state, 1, NEW.size WHERE NEW.forgotten = 0
        ON CONFLICT (watch, backlog, state)
        DO UPDATE SET items = items + 1, bytes = bytes + NEW.size;
END;

-- The bytes of the images whose upload began on a day, in the one row that there is. They are
-- counted with the row's own move, so that no stop comes between the two.
CREATE TABLE upload_day (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    day INTEGER NOT NULL,
    bytes INTEGER NOT NULL
) STRICT;

INSERT INTO upload_day (id, day, bytes) VALUES (1, 0, 0);

CREATE TRIGGER item_upload_counted AFTER UPDATE OF state ON item
    WHEN NEW.state = 'uploading' AND OLD.state <> 'uploading' BEGIN
    UPDATE upload_day SET bytes = bytes + NEW.size;
END;

-- What is known of a watch beyond its configuration.
CREATE TABLE watch (
    name TEXT PRIMARY KEY,
    path TEXT NOT NULL,
    first_scanned_at INTEGER,
    last_scanned_at INTEGER
) STRICT, WITHOUT ROWID;

-- The platform's firmwares as its list showed them; first_seen_at is what tells
-- an upload of ours from a firmware that was there before.
CREATE TABLE remote_firmware (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    version TEXT,
    first_seen_at INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX remote_firmware_name ON remote_firmware (name, version);

-- A document's bytes, once per content, deflated, in pieces of bounded size.
CREATE TABLE document (
    id INTEGER PRIMARY KEY,
    sha256 TEXT NOT NULL UNIQUE CHECK (length(sha256) = 64),
    size INTEGER NOT NULL,
    stored_size INTEGER NOT NULL
) STRICT;

CREATE TABLE document_piece (
    document_id INTEGER NOT NULL REFERENCES document (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (document_id, position)
) STRICT, WITHOUT ROWID;

-- One row per accepted revision of a firmware's SBOM in one configured format.
CREATE TABLE sbom (
    id INTEGER PRIMARY KEY,
    firmware_id TEXT NOT NULL,
    format TEXT NOT NULL,
    revision INTEGER NOT NULL CHECK (revision >= 1),
    kind TEXT NOT NULL,
    spec_version TEXT,
    components INTEGER,
    content_id TEXT NOT NULL,
    component_id TEXT NOT NULL,
    document_id INTEGER NOT NULL REFERENCES document (id),
    file TEXT NOT NULL,
    fetched_at INTEGER NOT NULL,
    checked_at INTEGER NOT NULL,
    unplaced INTEGER NOT NULL DEFAULT 0 CHECK (unplaced IN (0, 1)),
    accepted_by TEXT,
    accepted_why TEXT,
    accepted_at INTEGER,
    UNIQUE (firmware_id, format, revision)
) STRICT;

CREATE INDEX sbom_file ON sbom (file);
CREATE INDEX sbom_document ON sbom (document_id);
CREATE INDEX sbom_unplaced ON sbom (firmware_id, format, revision) WHERE unplaced = 1;

-- The last document of a firmware and format that was not let in the place of the last good one.
CREATE TABLE quarantine (
    firmware_id TEXT NOT NULL,
    format TEXT NOT NULL,
    reason TEXT NOT NULL,
    since INTEGER NOT NULL,
    fetched_at INTEGER NOT NULL,
    -- NULL: it is no SBOM
    kind TEXT,
    spec_version TEXT,
    components INTEGER,
    content_id TEXT,
    component_id TEXT,
    document_id INTEGER REFERENCES document (id),
    PRIMARY KEY (firmware_id, format)
) STRICT, WITHOUT ROWID;

CREATE INDEX quarantine_document ON quarantine (document_id);

-- The exports of the configuration, and how far a run is.
CREATE TABLE export_job (
    name TEXT PRIMARY KEY,
    last_slot INTEGER,
    last_attempt_at INTEGER,
    last_success_at INTEGER,
    error TEXT,
    phase TEXT NOT NULL CHECK (phase IN ('idle', 'list', 'fetch', 'place', 'index')),
    run_slot INTEGER,
    run_started_at INTEGER,
    run_marks_all INTEGER NOT NULL CHECK (run_marks_all IN (0, 1)),
    -- of the run under way, else of the last one
    listed INTEGER NOT NULL,
    fetched INTEGER NOT NULL,
    written INTEGER NOT NULL,
    restored INTEGER NOT NULL,
    unchanged INTEGER NOT NULL,
    not_ready INTEGER NOT NULL,
    quarantined INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    vanished INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The firmwares that a run has still to look at.
CREATE TABLE export_work (
    job TEXT NOT NULL,
    firmware_id TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    due_at INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (job, firmware_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX export_work_due ON export_work (job, due_at);

-- How many of them, kept by triggers: it is asked after every firmware.
CREATE TABLE export_work_count (
    job TEXT PRIMARY KEY,
    firmwares INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TRIGGER export_work_counted_in AFTER INSERT ON export_work BEGIN
    INSERT INTO export_work_count (job, firmwares) VALUES (NEW.job, 1)
        ON CONFLICT (job) DO UPDATE SET firmwares = firmwares + 1;
END;

CREATE TRIGGER export_work_counted_out AFTER DELETE ON export_work BEGIN
    UPDATE export_work_count SET firmwares = firmwares - 1 WHERE job = OLD.job;
    DELETE FROM export_work_count WHERE job = OLD.job AND firmwares = 0;
END;

-- What the platform calls the firmwares whose SBOMs are exported; vanished_at: its list does not
-- show it any more.
CREATE TABLE firmware (
    id TEXT PRIMARY KEY,
    name TEXT,
    version TEXT,
    vendor TEXT,
    product TEXT,
    product_group TEXT,
    seen_at INTEGER,
    vanished_at INTEGER
) STRICT, WITHOUT ROWID;

-- Why nothing is sent: an operator's pause, and the token's.
CREATE TABLE pause (
    kind TEXT PRIMARY KEY CHECK (kind IN ('operator', 'auth')),
    reason TEXT NOT NULL,
    since INTEGER NOT NULL,
    by_whom TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Product groups for which a right is missing: nothing more is sent for them.
CREATE TABLE blocked_group (
    product_group TEXT PRIMARY KEY,
    reason TEXT NOT NULL,
    since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Conditions that were told to somebody; cleared_at ends one.
CREATE TABLE alert (
    event TEXT NOT NULL,
    subject TEXT NOT NULL,
    severity TEXT NOT NULL,
    text TEXT NOT NULL,
    action TEXT NOT NULL,
    since INTEGER NOT NULL,
    told_at INTEGER NOT NULL,
    cleared_at INTEGER,
    PRIMARY KEY (event, subject)
) STRICT, WITHOUT ROWID;

-- Alerts on their way to a target.
CREATE TABLE delivery (
    id INTEGER PRIMARY KEY,
    target TEXT NOT NULL,
    event TEXT NOT NULL,
    payload TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    due_at INTEGER NOT NULL DEFAULT 0,
    error TEXT
) STRICT;

-- Single values: tenant, token_fingerprint, inventory_at ...
CREATE TABLE fact (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
