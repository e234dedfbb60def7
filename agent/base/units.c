#include "base/units.h"

#include <assert.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/printable.h"

enum { SHOWN_MAX = 40 };

struct unit {
    const char *name;
    int64_t factor;
};

/* Largest first: formatting takes the first that divides the value. */
static const struct unit duration_units[] = {
    {"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}, {NULL, 0},
};

static const struct unit size_units[] = {
    {"TiB", INT64_C(1) << 40},
    {"GiB", INT64_C(1) << 30},
    {"MiB", INT64_C(1) << 20},
    {"KiB", INT64_C(1) << 10},
    {"B", 1},
    {NULL, 0},
};

#define DURATION_FORM "a whole number and ms, s, m, h or d, as in 90s"
#define SIZE_FORM     "a whole number of bytes, or one with KiB, MiB, GiB or TiB, as in 64MiB"
#define RATE_FORM     "a size per second, as in 10MiB"
#define COUNT_FORM    "a whole number, as in 20"

/* The digits at text, at least one; NULL when there are none, too many, or a leading zero. */
static const char *read_number(const char *text, int64_t *number)
{
    const char *at = text;
    int64_t value = 0;

    // a leading zero means octal to some readers and nothing to others: nobody means it
    if (*at == '0' && at[1] >= '0' && at[1] <= '9')
        return NULL;
    for (; *at >= '0' && *at <= '9'; at++) {
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, *at - '0', &value))
            return NULL;
    }
    *number = value;
    return at == text ? NULL : at;
}

/* Exact: m is minutes, M would be months to some and mega to others. */
static const struct unit *find_unit(const struct unit *units, const char *name, size_t size)
{
    for (; units->name; units++) {
        if (strlen(units->name) == size && memcmp(units->name, name, size) == 0)
            return units;
    }
    return NULL;
}

/* False for anything but a number and one of the units, or (if allowed) a bare number. */
static bool read_amount(const char *text, size_t size, const struct unit *units, bool bare_is_fine,
                        int64_t *value)
{
    int64_t number;
    const char *rest = read_number(text, &number);

    if (!rest)
        return false;
    size_t left = size - (size_t)(rest - text);
    if (left == 0 && bare_is_fine) {
        *value = number;
        return true;
    }
    const struct unit *unit = find_unit(units, rest, left);
    return unit && !__builtin_mul_overflow(number, unit->factor, value);
}

static bool refuse(const char *text, const char *kind, const char *form, struct err *err)
{
    auto_free char *shown = printable_new(text);

    // what a person can have meant is short: a long text would only hide the message
    if (strlen(shown) > SHOWN_MAX)
        return err_set(err, ERR_CONFIG, "this is no %s; write %s", kind, form);
    return err_set(err, ERR_CONFIG, "\"%s\" is no %s; write %s", shown, kind, form);
}

/* Never rounds: the largest unit that divides the value. */
static const char *format_amount(int64_t value, const struct unit *units,
                                 char text[UNITS_TEXT_SIZE])
{
    assert(value >= 0);
    while (units[1].name && (value == 0 || value % units->factor != 0))
        units++;
    snprintf(text, UNITS_TEXT_SIZE, "%" PRId64 "%s", value / units->factor, units->name);
    return text;
}

bool units_parse_duration(const char *text, int64_t *ms, struct err *err)
{
    if (!read_amount(text, strlen(text), duration_units, false, ms))
        return refuse(text, "duration", DURATION_FORM, err);
    return true;
}

bool units_parse_size(const char *text, int64_t *bytes, struct err *err)
{
    if (!read_amount(text, strlen(text), size_units, true, bytes))
        return refuse(text, "size", SIZE_FORM, err);
    return true;
}

bool units_parse_rate(const char *text, int64_t *bytes_per_second, struct err *err)
{
    size_t size = strlen(text);

    // "/s" says what is meant anyway
    if (size > 2 && strcmp(text + size - 2, "/s") == 0)
        size -= 2;
    if (!read_amount(text, size, size_units, true, bytes_per_second))
        return refuse(text, "rate", RATE_FORM, err);
    return true;
}

bool units_parse_count(const char *text, int64_t *count, struct err *err)
{
    const char *rest = read_number(text, count);

    if (!rest || *rest != '\0')
        return refuse(text, "count", COUNT_FORM, err);
    return true;
}

const char *units_duration_text(int64_t ms, char text[UNITS_TEXT_SIZE])
{
    if (ms == 0)
        snprintf(text, UNITS_TEXT_SIZE, "0s");
    else
        format_amount(ms, duration_units, text);
    return text;
}

const char *units_size_text(int64_t bytes, char text[UNITS_TEXT_SIZE])
{
    return format_amount(bytes, size_units, text);
}
