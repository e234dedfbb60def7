/*
 * ignore_file.h - findings that somebody decided to live with, until a day.
 *
 *   ignore:
 *     - id: CVE-2024-1234
 *       reason: the affected module is not built
 *       expires: 2027-01-31
 *
 * All three are required: nothing is ignored without a reason or for ever. An entry holds to the
 * end of its day, UTC; then it ignores nothing any more, and a notice says so. IDs are those of
 * issues and of CVEs, compared without case. The YAML is that of base/yaml_tree.h; mistakes are
 * ERR_CONFIG with "name:line:column: ".
 */
#ifndef CI_IGNORE_FILE_H
#define CI_IGNORE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum { IGNORE_FILE_MAX_BYTES = 1 << 20 };

struct ignore_entry {
    const char *id;
    const char *reason;
    const char *expires; /* "2027-01-31" */
    int64_t end_ms;      /* when that day is over */
    bool is_used;        /* it was found by ignore_file_find() */
};

struct ignore_file;

/* NULL: *err. name is for messages. */
struct ignore_file *ignore_file_parse(const char *name, const char *bytes, size_t size,
                                      struct err *err);
void ignore_file_free(struct ignore_file *file); /* NULL is fine */

/*
 * The entry of that ID, also one that expired; NULL for none, or for no file. The file
 * remembers that it was looked for.
 */
const struct ignore_entry *ignore_file_find(struct ignore_file *file, const char *id);

bool ignore_entry_holds(const struct ignore_entry *entry, int64_t now_ms);

/*
 * One line each about the entries that expired, and about those that hold and matched nothing;
 * NULL for none. Caller frees.
 */
char *ignore_file_expired(const struct ignore_file *file, int64_t now_ms);
char *ignore_file_unused(const struct ignore_file *file, int64_t now_ms);

static inline void auto_ignore_file_fn(struct ignore_file **file)
{
    ignore_file_free(*file);
}

#define auto_ignore_file __attribute__((cleanup(auto_ignore_file_fn)))

#endif
