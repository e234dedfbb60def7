#include "watch/metadata_field.h"

#include <assert.h>
#include <string.h>

#include "base/printable.h"

static const char *const keys[] = {
#define X(field, key, required, text) key,
    METADATA_FIELDS(X)
#undef X
};

/* The number of exactly that many digits at *text, moving behind them; -1 when it is none. */
static int take_digits(const char **text, size_t count)
{
    int number = 0;

    if (strspn(*text, "0123456789") < count)
        return -1;
    for (; count > 0; count--)
        number = number * 10 + (*(*text)++ - '0');
    return number;
}

static bool take_byte(const char **text, char byte)
{
    if (**text != byte)
        return false;
    (*text)++;
    return true;
}

/* "00" up to most. */
static bool take_two_digits(const char **text, int most)
{
    int number = take_digits(text, 2);

    return number >= 0 && number <= most;
}

static int days_of_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    return days[month - 1] + (month == 2 && is_leap);
}

static bool take_date(const char **text)
{
    int year = take_digits(text, 4);

    if (year < 1 || !take_byte(text, '-'))
        return false;
    int month = take_digits(text, 2);

    if (month < 1 || month > 12 || !take_byte(text, '-'))
        return false;
    int day = take_digits(text, 2);

    return day >= 1 && day <= days_of_month(year, month);
}

static bool take_fraction(const char **text)
{
    if (!take_byte(text, '.'))
        return true;
    size_t digits = strspn(*text, "0123456789");

    *text += digits;
    return digits > 0;
}

static bool take_zone(const char **text)
{
    if (take_byte(text, 'Z'))
        return true;
    if (!take_byte(text, '+') && !take_byte(text, '-'))
        return false;
    return take_two_digits(text, 23) && take_byte(text, ':') && take_two_digits(text, 59);
}

/* A leap second is refused: what reads it at the other end does so too. */
static bool take_time(const char **text)
{
    return take_byte(text, 'T') && take_two_digits(text, 23) && take_byte(text, ':') &&
           take_two_digits(text, 59) && take_byte(text, ':') && take_two_digits(text, 59) &&
           take_fraction(text) && take_zone(text);
}

static bool is_date(const char *text)
{
    if (!take_date(&text))
        return false;
    if (*text != '\0' && !take_time(&text))
        return false;
    return *text == '\0';
}

static bool is_boolean(const char *text)
{
    return strcmp(text, "true") == 0 || strcmp(text, "false") == 0;
}

const char *metadata_field_key(enum metadata_field field)
{
    assert((size_t)field < METADATA_FIELD_COUNT);
    return keys[field];
}

bool metadata_field_find(const char *key, enum metadata_field *field)
{
    for (size_t i = 0; i < METADATA_FIELD_COUNT; i++) {
        *field = (enum metadata_field)i;
        if (strcmp(keys[i], key) == 0)
            return true;
    }
    return false;
}

const char *metadata_field_fault(enum metadata_field field, const char *value)
{
    if (*value == '\0')
        return NULL;
    if (strlen(value) > METADATA_VALUE_MAX_BYTES)
        return "is over 1024 bytes";
    if (!printable_is(value))
        return "has control characters or is not valid UTF-8";
    if (field == METADATA_MONITORING && !is_boolean(value))
        return "is neither true nor false";
    if (field == METADATA_RELEASE_DATE && !is_date(value))
        return "is neither YYYY-MM-DD nor an RFC 3339 time like 2026-11-23T14:00:00Z";
    return NULL;
}
