import Database from 'better-sqlite3'
import { errorMessage, LarderError } from '../../domain/index.ts'
import { moveRows } from './move-rows.ts'

/**
 * Each entry takes a database one version further; `user_version` says how many ran. Never change one that was released.
 * Rows are WITHOUT ROWID, so that a range of one series is one walk. `boot` is a number of `boots`, because it repeats.
 * `rollups` (first: `days`) holds 24 hours of one series as one blob (day-rollup.ts): a read of 28 days x 10,000 series walks 280,000 rows, not 6.7 million.
 */
export const migrations: readonly string[] = [
  `
  CREATE TABLE series (
    id INTEGER PRIMARY KEY,
    site TEXT NOT NULL, device TEXT NOT NULL, channel TEXT NOT NULL, gtin TEXT NOT NULL,
    UNIQUE (site, device, channel, gtin)
  );
  CREATE TABLE boots (id INTEGER PRIMARY KEY, boot TEXT NOT NULL UNIQUE);
  CREATE TABLE levels (
    series INTEGER NOT NULL, at INTEGER NOT NULL, value REAL NOT NULL, boot INTEGER NOT NULL, seq INTEGER NOT NULL,
    idx INTEGER NOT NULL, received_at INTEGER NOT NULL, quality INTEGER NOT NULL,
    PRIMARY KEY (series, at)
  ) WITHOUT ROWID;
  CREATE TABLE counts (
    series INTEGER NOT NULL, boot INTEGER NOT NULL, seq INTEGER NOT NULL, idx INTEGER NOT NULL, value REAL NOT NULL,
    at INTEGER NOT NULL, received_at INTEGER NOT NULL, quality INTEGER NOT NULL,
    PRIMARY KEY (series, boot, seq, idx, value)
  ) WITHOUT ROWID;
  CREATE INDEX counts_by_time ON counts (series, at);
  CREATE TABLE latest (
    series INTEGER PRIMARY KEY, at INTEGER NOT NULL, value REAL NOT NULL, boot INTEGER NOT NULL, seq INTEGER NOT NULL,
    idx INTEGER NOT NULL, received_at INTEGER NOT NULL, quality INTEGER NOT NULL
  );
  CREATE TABLE days (
    series INTEGER NOT NULL, day INTEGER NOT NULL, hours BLOB NOT NULL,
    PRIMARY KEY (series, day)
  ) WITHOUT ROWID;
  CREATE TABLE applied (
    grp TEXT NOT NULL, part INTEGER NOT NULL, position INTEGER NOT NULL,
    PRIMARY KEY (grp, part)
  ) WITHOUT ROWID;
  CREATE TABLE watermarks (site TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;
  `,
  // Counting tens of millions of rows for a status page took seconds; and a pruned hour must not be written again.
  `
  CREATE TABLE totals (quality INTEGER PRIMARY KEY, readings INTEGER NOT NULL);
  INSERT INTO totals SELECT quality, sum(n) FROM (
    SELECT quality, count(*) AS n FROM levels GROUP BY quality
    UNION ALL SELECT quality, count(*) FROM counts GROUP BY quality
  ) GROUP BY quality;
  ALTER TABLE series ADD COLUMN pruned_before INTEGER NOT NULL DEFAULT 0;
  `,
  // A batch is one row (a segment), later merged into chunks of one series. By day first, so that all that is
  // written at one time lies together, and a day that is dropped too.
  `
  CREATE TABLE segments (id INTEGER PRIMARY KEY, data BLOB NOT NULL);
  CREATE TABLE merged (
    one INTEGER PRIMARY KEY, floor INTEGER NOT NULL, through INTEGER NOT NULL, series INTEGER NOT NULL
  );
  INSERT INTO merged VALUES (1, 0, 0, 0);
  CREATE TABLE chunks (
    day INTEGER NOT NULL, series INTEGER NOT NULL, at INTEGER NOT NULL, last_at INTEGER NOT NULL, readings INTEGER NOT NULL,
    boot INTEGER, min_seq INTEGER NOT NULL, max_seq INTEGER NOT NULL, quality INTEGER, blob INTEGER NOT NULL,
    PRIMARY KEY (day, series, at)
  ) WITHOUT ROWID;
  CREATE TABLE chunk_blobs (id INTEGER PRIMARY KEY, data BLOB NOT NULL);
  CREATE TABLE rollups (
    day INTEGER NOT NULL, series INTEGER NOT NULL, hours BLOB NOT NULL,
    PRIMARY KEY (day, series)
  ) WITHOUT ROWID;
  CREATE TABLE count_heads (
    series INTEGER NOT NULL, boot INTEGER NOT NULL, seq INTEGER NOT NULL, idx INTEGER NOT NULL,
    PRIMARY KEY (series, boot)
  ) WITHOUT ROWID;
  CREATE TABLE damaged (
    id INTEGER PRIMARY KEY, words TEXT NOT NULL, data BLOB
  );
  `,
]

/** The system caches the file's pages for both connections: these only spare the copies of those used all the time. */
const readCacheKilobytes = 8 * 1024
const writeCacheKilobytes = 16 * 1024

/** Opens the file, makes or migrates its tables. A file of a newer Larder, or none of ours, is refused with a sentence. */
export function openSeriesDatabase(file: string, readonly: boolean): Database.Database {
  const db = openFile(file, readonly)
  db.pragma('temp_store = MEMORY')
  db.pragma(`cache_size = -${readonly ? readCacheKilobytes : writeCacheKilobytes}`)
  if (readonly) return db
  db.pragma('journal_mode = WAL')
  // Rows and `applied` are one database: after a power cut both are at the same earlier commit, and the log brings the rest again.
  db.pragma('synchronous = NORMAL')
  db.pragma('journal_size_limit = 67108864')
  migrate(db, file)
  moveRows(db)
  return db
}

function openFile(file: string, readonly: boolean): Database.Database {
  try {
    const db = new Database(file, { readonly, timeout: 10_000 })
    db.pragma('user_version')
    return db
  } catch (error) {
    throw new LarderError(
      'RT_STORE_DAMAGED',
      `The series store ${file} cannot be opened (${errorMessage(error)}). Set the file aside and start again: what the message log still keeps is written anew.`,
      { cause: error },
    )
  }
}

function migrate(db: Database.Database, file: string): void {
  const version = db.pragma('user_version', { simple: true }) as number
  if (version > migrations.length) {
    db.close()
    throw new LarderError(
      'RT_STORE_DAMAGED',
      `The series store ${file} has schema version ${version}; this Larder knows up to ${migrations.length}. Use the newer Larder, or another data folder.`,
    )
  }
  db.transaction(() => {
    for (const [index, sql] of migrations.entries()) if (index >= version) db.exec(sql)
    db.pragma(`user_version = ${migrations.length}`)
  }).immediate()
}
