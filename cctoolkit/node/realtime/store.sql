-- The store of a node that is reached by AMI alone, one file beside its configuration. Asterisk is the only one
-- who opens it (res_config_sqlite3.conf, batch = 0: each statement is a transaction of its own, on the disk when
-- it is answered). It is written by the console's `realtime store`, `update2` and `destroy`, and read through the
-- view `told`, which answers each question in one row, since `realtime load` shows one row. What Asterisk loads
-- is `feed`, a static realtime table: it changes with `current`, at one stroke for all files.
PRAGMA journal_mode = WAL;

BEGIN;

-- One row. `lock` is its holder's token or '', `heard` when it was last written, by the node's clock, `beats` how often;
-- `strange` counts what somebody else did to `feed`.
CREATE TABLE node (
    id TEXT PRIMARY KEY CHECK (id = 'node'), current TEXT NOT NULL, intent TEXT NOT NULL DEFAULT '',
    key TEXT NOT NULL DEFAULT '', lock TEXT NOT NULL DEFAULT '', heard INTEGER NOT NULL DEFAULT 0,
    beats INTEGER NOT NULL DEFAULT 0, strange INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE release (name TEXT PRIMARY KEY);
-- Before its release stands in `release`, a file is a draft.
CREATE TABLE file (release TEXT, path TEXT, digest TEXT NOT NULL, PRIMARY KEY (release, path));
-- A text is a JSON array of its lines, cut anywhere into pieces that fit into an action.
CREATE TABLE piece (digest TEXT, number INTEGER, body TEXT NOT NULL, PRIMARY KEY (digest, number));
CREATE TABLE history (place INTEGER PRIMARY KEY, entry TEXT NOT NULL, number INTEGER, body TEXT NOT NULL);

CREATE TRIGGER heard AFTER UPDATE OF lock ON node BEGIN
    UPDATE node SET heard = strftime('%s', 'now'), beats = beats + 1;
END;
CREATE TRIGGER release_gone AFTER DELETE ON release BEGIN
    DELETE FROM file WHERE release = old.name;
END;
CREATE TRIGGER file_gone AFTER DELETE ON file BEGIN
    DELETE FROM piece WHERE digest = old.digest AND digest NOT IN (SELECT digest FROM file);
END;

CREATE VIEW text AS
SELECT digest, (SELECT group_concat(body, '') FROM (SELECT body FROM piece WHERE digest = f.digest ORDER BY number)) AS lines
FROM (SELECT DISTINCT digest FROM file) f;

CREATE VIEW told (id, value) AS
SELECT id, json_object('current', current, 'intent', intent, 'lock', lock, 'beats', beats, 'strange', strange,
    'idle', strftime('%s', 'now') - heard) FROM node
UNION ALL SELECT 'key', json_quote(key) FROM node
UNION ALL SELECT 'releases', json_group_array(name) FROM release
UNION ALL SELECT 'drafts', json_group_array(release)
    FROM (SELECT DISTINCT release FROM file WHERE release NOT IN (SELECT name FROM release))
UNION ALL SELECT 'files ' || release, json_group_object(path, digest) FROM file GROUP BY release
UNION ALL SELECT 'text ' || digest, lines FROM text
-- An entry of several pieces that was cut off is none.
UNION ALL SELECT 'history', json_group_array(line) FROM (
    SELECT CASE WHEN json_valid(whole) THEN json_extract(whole, '$') END AS line FROM (
        SELECT group_concat(body, '') AS whole, min(place) AS first
        FROM (SELECT * FROM history ORDER BY entry, number) GROUP BY entry
    ) WHERE line IS NOT NULL ORDER BY first
);

-- What Asterisk is to load: each fed file of `current` with what it includes, in its order. A line is read as
-- main/config.c would read it; feed.py holds a release against these same rules before it is staged.
CREATE VIEW loaded (filename, commented, cat_metric, var_metric, category, var_name, var_val) AS
WITH
now AS (SELECT path, lines FROM node JOIN file ON release = current JOIN text USING (digest)),
reached (path, fed) AS (
    SELECT column1, column1 FROM (VALUES ('extensions.conf'), ('queues.conf'), ('pjsip.conf'))
    UNION
    SELECT substr(trim(j.value), length('#include "cctoolkit/current/') + 1, length(trim(j.value)) - length('#include "cctoolkit/current/"')), fed
    FROM reached JOIN now USING (path), json_each(now.lines) j
    WHERE trim(j.value) LIKE '#include "cctoolkit/current/%'
),
line AS (
    SELECT fed, path, number, raw, CASE WHEN raw LIKE '[%' THEN printf('%08d', number) || raw END AS opens
    FROM (SELECT r.fed, r.path, j.key AS number, trim(j.value) AS raw FROM reached r JOIN now USING (path), json_each(now.lines) j)
),
inside AS (
    SELECT fed, path, number, raw, max(opens) OVER (PARTITION BY fed, path ORDER BY number) AS head FROM line
)
SELECT 'cctoolkit/current/' || fed, 0, path || ' ' || substr(head, 1, 8), number, substr(head, 10, instr(head, ']') - 10),
    trim(substr(raw, 1, instr(raw, '=') - 1)),
    replace(trim(substr(raw, instr(raw, '=') + CASE substr(raw, instr(raw, '='), 2) WHEN '=>' THEN 2 ELSE 1 END)), '\;', ';')
FROM inside
WHERE head LIKE '%]' AND raw LIKE '_%=%' AND substr(raw, 1, 1) NOT IN ('[', ';', '#')
UNION ALL
-- Of two sections of one name, one behind the other, static realtime makes one; phones are written as such.
SELECT 'cctoolkit/current/' || fed, 0, path || ' ' || substr(opens, 1, 8), -1, 'cct-between', 'two', 'of one name'
FROM (SELECT *, lag(raw) OVER (PARTITION BY fed, path ORDER BY number) AS before FROM line WHERE opens IS NOT NULL)
WHERE fed = 'pjsip.conf' AND raw = before;

-- The table it does load, made anew by the very statement that changes `current`.
CREATE TABLE feed (filename TEXT, commented INTEGER, cat_metric TEXT, var_metric INTEGER, category TEXT, var_name TEXT, var_val TEXT);
CREATE INDEX feed_order ON feed (filename, commented, cat_metric, var_metric);

CREATE TRIGGER flipped AFTER UPDATE OF current ON node BEGIN
    DELETE FROM feed;
    INSERT INTO feed SELECT * FROM loaded;
    UPDATE node SET strange = 0;
END;
CREATE TRIGGER feed_more AFTER INSERT ON feed BEGIN UPDATE node SET strange = strange + 1; END;
CREATE TRIGGER feed_less AFTER DELETE ON feed BEGIN UPDATE node SET strange = strange + 1; END;
CREATE TRIGGER feed_other AFTER UPDATE ON feed BEGIN UPDATE node SET strange = strange + 1; END;

INSERT INTO release VALUES ('empty');
INSERT INTO node (id, current) VALUES ('node', 'empty');

COMMIT;
