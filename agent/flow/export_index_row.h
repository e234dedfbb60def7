/*
 * export_index_row.h - one SBOM of the folder, as a line of each index file. Pure.
 *
 * Columns, in this order, in both: firmware_id name vendor product version product_group format
 * kind spec_version file sha256 size components revision fetched_at vanished_at. Times are RFC
 * 3339 in UTC; what is not known is null, and an empty cell.
 *
 * index.csv is RFC 4180, with CRLF. What is no printable UTF-8 is shown as printable.h does. A
 * cell whose text begins with = + - @, a tab or a CR gets an apostrophe before it: spreadsheets
 * would run it as a formula, and the names come from whoever uploads. index.json has the names
 * as they are.
 *
 * SHA256SUMS has names as bytes, escaped as sha256sum(1) does: a backslash before the line, and
 * \\ \n \r for what would break it.
 */
#ifndef FLOW_EXPORT_INDEX_ROW_H
#define FLOW_EXPORT_INDEX_ROW_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "store/firmware_row.h"
#include "store/sbom.h"

struct export_index_row {
    const struct sbom_row *sbom;
    const struct firmware_row *firmware; /* zeroed: nothing is known of it */
    const char *file;                    /* relative to the folder */
};

/* Each appends a line; it fails only when that would pass out->max. */
bool export_index_csv_header(struct buf *out, struct err *err);
bool export_index_csv(struct buf *out, const struct export_index_row *row, struct err *err);
bool export_index_sum(struct buf *out, const char *sha256, const char *file, struct err *err);

/* An object on one line, without the line's end. */
bool export_index_json(struct buf *out, const struct export_index_row *row, struct err *err);

#endif
