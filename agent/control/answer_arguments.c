/*
 * answer_arguments.c - strict on purpose: a mistyped filter that is ignored would list,
 * or forget, more than was meant.
 *
 * Paths are bytes. JSON carries UTF-8 only, so one that is not goes in hex beside.
 */
#include "control/answer_arguments.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/auto.h"
#include "base/mem.h"
#include "base/printable.h"

#define BYTES_SUFFIX "_bytes"

bool arguments_is_utf8(const char *text)
{
    size_t size = strlen(text);

    for (size_t at = 0; at < size;) {
        size_t length = utf8_length(text + at, size - at);

        if (length == 0)
            return false;
        at += length;
    }
    return true;
}

char *arguments_hex_new(const char *bytes)
{
    size_t size = strlen(bytes);
    char *hex = xcalloc(size + 1, 2);

    for (size_t i = 0; i < size; i++)
        snprintf(hex + 2 * i, 3, "%02x", (unsigned)(unsigned char)bytes[i]);
    return hex;
}

static int hex_value(char digit)
{
    static const char digits[] = "0123456789abcdef";
    const char *found = digit ? strchr(digits, digit) : NULL;

    return found ? (int)(found - digits) : -1;
}

/* NULL when it is not hex of a C string. */
static char *bytes_new(const char *hex)
{
    size_t size = hex ? strlen(hex) / 2 : 0;
    auto_free char *bytes = xcalloc(size + 1, 1);

    for (size_t i = 0; i < size; i++) {
        int high = hex_value(hex[2 * i]);
        int low = hex_value(hex[2 * i + 1]);

        /* A NUL would cut the path: another file would be meant. */
        if (high < 0 || low < 0 || (high == 0 && low == 0))
            return NULL;
        bytes[i] = (char)(high * 16 + low);
    }
    return hex && strlen(hex) % 2 == 0 ? auto_take(bytes) : NULL;
}

/* ---- time ---- */

/* Exactly count digits, as a value from least to most; moves *at behind them. */
static bool take_number(const char **at, int count, int least, int most, int *value)
{
    *value = 0;
    for (int i = 0; i < count; i++) {
        if (!isdigit((unsigned char)**at))
            return false;
        *value = *value * 10 + (*(*at)++ - '0');
    }
    return *value >= least && *value <= most;
}

static bool take_char(const char **at, const char *any)
{
    if (**at == '\0' || !strchr(any, **at))
        return false;
    (*at)++;
    return true;
}

static bool take_fraction(const char **at, int *ms)
{
    int scale = 100;

    *ms = 0;
    if (!take_char(at, "."))
        return true;
    if (!isdigit((unsigned char)**at))
        return false;
    /* Digits behind the third count nothing. */
    for (; isdigit((unsigned char)**at); (*at)++, scale /= 10)
        *ms += (**at - '0') * scale;
    return true;
}

static bool take_zone(const char **at, int *minutes)
{
    int sign = **at == '-' ? -1 : 1;
    int hour;
    int minute;

    *minutes = 0;
    if (take_char(at, "Zz"))
        return true;
    if (!take_char(at, "+-") || !take_number(at, 2, 0, 23, &hour) || !take_char(at, ":") ||
        !take_number(at, 2, 0, 59, &minute))
        return false;
    *minutes = sign * (60 * hour + minute);
    return true;
}

static bool take_date(const char **at, struct tm *parts)
{
    if (!take_number(at, 4, 1970, 9999, &parts->tm_year) || !take_char(at, "-") ||
        !take_number(at, 2, 1, 12, &parts->tm_mon) || !take_char(at, "-") ||
        !take_number(at, 2, 1, 31, &parts->tm_mday))
        return false;
    parts->tm_year -= 1900;
    parts->tm_mon -= 1;
    return true;
}

static bool take_clock(const char **at, struct tm *parts, int *ms, int *zone_minutes)
{
    return take_char(at, "Tt ") && take_number(at, 2, 0, 23, &parts->tm_hour) &&
           take_char(at, ":") && take_number(at, 2, 0, 59, &parts->tm_min) && take_char(at, ":") &&
           take_number(at, 2, 0, 60, &parts->tm_sec) && take_fraction(at, ms) &&
           take_zone(at, zone_minutes);
}

bool arguments_parse_time(const char *text, int64_t *ms)
{
    struct tm parts = {0};
    int fraction = 0;
    int zone_minutes = 0;

    if (!take_date(&text, &parts))
        return false;
    int day = parts.tm_mday;
    if (*text && !take_clock(&text, &parts, &fraction, &zone_minutes))
        return false;
    bool leaps = parts.tm_sec == 60;
    time_t seconds = timegm(&parts); /* makes a 31st of April a 1st of May */
    if (*text || (parts.tm_mday != day && !leaps))
        return false;
    *ms = ((int64_t)seconds - (int64_t)zone_minutes * 60) * 1000 + fraction;
    return true;
}

/* ---- the list ---- */

static bool has_type(const json_t *value, enum argument_type type)
{
    switch (type) {
    case ARGUMENT_TEXT:
    case ARGUMENT_PATH:
        return json_is_string(value);
    case ARGUMENT_FLAG:
        return json_is_boolean(value);
    case ARGUMENT_COUNT:
        return json_is_integer(value) && json_integer_value(value) >= 1;
    case ARGUMENT_TIME:
        return json_is_string(value) || json_is_integer(value);
    case ARGUMENT_OBJECT:
        return json_is_object(value);
    }
    return false;
}

static bool is_bytes_of(const char *name, const char *path_name)
{
    size_t length = strlen(path_name);

    return strncmp(name, path_name, length) == 0 && strcmp(name + length, BYTES_SUFFIX) == 0;
}

/* True when the list has it; *fits when its value is of the listed type. */
static bool find_argument(const char *name, const json_t *value, const struct argument *list,
                          bool *fits)
{
    for (; list->name; list++) {
        if (strcmp(name, list->name) == 0) {
            *fits = has_type(value, list->type);
            return true;
        }
        if (list->type == ARGUMENT_PATH && is_bytes_of(name, list->name)) {
            auto_free char *bytes = bytes_new(json_string_value(value));
            *fits = bytes != NULL;
            return true;
        }
    }
    return false;
}

bool arguments_check(json_t *arguments, const struct argument *list, struct err *err)
{
    const char *name;
    json_t *value;

    json_object_foreach(arguments, name, value)
    {
        bool fits = false;
        bool known = find_argument(name, value, list, &fits);

        /* null is how some programs say "not given". */
        if ((known && fits) || json_is_null(value))
            continue;
        auto_free char *text = printable_new(name);
        return err_set(err, ERR_USAGE, "argument %s: %s", text,
                       known ? "not of the right type" : "not known here");
    }
    return true;
}

const char *arguments_text(const json_t *arguments, const char *name)
{
    return json_string_value(json_object_get(arguments, name));
}

bool arguments_flag(const json_t *arguments, const char *name)
{
    return json_is_true(json_object_get(arguments, name));
}

int64_t arguments_count(const json_t *arguments, const char *name)
{
    return json_integer_value(json_object_get(arguments, name));
}

char *arguments_path_new(const json_t *arguments, const char *name)
{
    auto_free char *bytes_name = xasprintf("%s" BYTES_SUFFIX, name);
    const char *hex = arguments_text(arguments, bytes_name);
    const char *text = arguments_text(arguments, name);

    if (hex)
        return bytes_new(hex);
    return text ? xstrdup(text) : NULL;
}

bool arguments_time(const json_t *arguments, const char *name, int64_t *ms, struct err *err)
{
    const json_t *value = json_object_get(arguments, name);

    *ms = json_integer_value(value);
    if (!json_is_string(value) || arguments_parse_time(json_string_value(value), ms))
        return true;
    return err_set(err, ERR_USAGE, "argument %s: not a time as 2026-11-23 or 2026-11-23T14:44:00Z",
                   name);
}

void arguments_put_path(json_t *arguments, const char *name, const char *path)
{
    auto_free char *bytes_name = xasprintf("%s" BYTES_SUFFIX, name);
    auto_free char *hex = arguments_hex_new(path);
    int failed = arguments_is_utf8(path)
                     ? json_object_set_new(arguments, name, json_string(path))
                     : json_object_set_new(arguments, bytes_name, json_string(hex));

    assert(failed == 0);
    (void)failed;
}
