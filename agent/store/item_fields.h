/*
 * item_fields.h - the columns of table item after id and state, once.
 *
 * The fields of struct item, the SELECT, INSERT and UPDATE lists and the reader all
 * come from this list. TEXT is NULL or text, INT a number, TIME and REF are 0 for SQL
 * NULL (milliseconds since 1970 UTC, the id of another row).
 */
#ifndef STORE_ITEM_FIELDS_H
#define STORE_ITEM_FIELDS_H

/* clang-format off */
#define ITEM_FIELDS(TEXT, INT, TIME, REF) \
    TEXT(watch) \
    TEXT(path) \
    INT(current) \
    INT(forgotten) \
    INT(size) \
    INT(mtime_ns) \
    INT(device) \
    INT(inode) \
    INT(settle_since_ms) \
    INT(settle_looks) \
    INT(settle_changes) \
    TEXT(sha256) \
    REF(duplicate_of) \
    INT(rank) \
    INT(backlog) \
    INT(due_at) \
    INT(holder_pid) \
    TEXT(holder_boot) \
    TEXT(name) \
    TEXT(vendor) \
    TEXT(product) \
    TEXT(version) \
    TEXT(product_category) \
    TEXT(product_group) \
    TEXT(analysis_configuration) \
    TEXT(release_date) \
    TEXT(notes) \
    INT(monitoring) \
    TEXT(sbom_path) \
    TEXT(sbom_sha256) \
    INT(sbom_only) \
    TIME(inventory_at) \
    TEXT(upload_id) \
    TEXT(firmware_id) \
    TEXT(analysis_state) \
    TEXT(analysis_result) \
    INT(attempts) \
    INT(trouble_ms) \
    INT(misses) \
    TEXT(error_kind) \
    TEXT(error) \
    TEXT(first_error) \
    INT(found_at) \
    TIME(registered_at) \
    TIME(uploaded_at) \
    TIME(analysed_at) \
    TIME(done_at)

#define ITEM_COLUMN_(name) ", " #name
#define ITEM_MARK_(name) ", ?"
#define ITEM_SET_(name) ", " #name " = ?"
#define ITEM_COLUMNS ITEM_FIELDS(ITEM_COLUMN_, ITEM_COLUMN_, ITEM_COLUMN_, ITEM_COLUMN_)
#define ITEM_MARKS ITEM_FIELDS(ITEM_MARK_, ITEM_MARK_, ITEM_MARK_, ITEM_MARK_)
#define ITEM_SETS ITEM_FIELDS(ITEM_SET_, ITEM_SET_, ITEM_SET_, ITEM_SET_)
#define ITEM_DUE_SQL(index) \
    "SELECT id FROM item INDEXED BY " index " WHERE state = ?1 AND due_at <= ?2 AND forgotten = 0" \
    " AND holder_pid = 0 AND backlog <= ?4" \
    " AND (?1 <> 'pending' OR" \
    " coalesce(product_group, 'Default') NOT IN (SELECT product_group FROM blocked_group))" \
    " ORDER BY backlog, rank DESC, id LIMIT ?3"
/* clang-format on */

#endif
