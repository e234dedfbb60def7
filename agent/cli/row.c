#include "cli/row.h"

const char *row_string(const json_t *row, const char *key)
{
    return json_string_value(json_object_get(row, key));
}

int64_t row_number(const json_t *row, const char *key)
{
    return json_integer_value(json_object_get(row, key));
}
