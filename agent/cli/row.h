/* row.h - reading the rows of an answer: JSON that another version may have made. Pure. */
#ifndef CLI_ROW_H
#define CLI_ROW_H

#include <jansson.h>
#include <stdint.h>

/* NULL where it is null, missing or no text. Borrowed. */
const char *row_string(const json_t *row, const char *key);
int64_t row_number(const json_t *row, const char *key); /* 0 likewise */

#endif
