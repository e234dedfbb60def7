/*
 * What people write as a schedule. Strict where cron programs differ or guess: a value that no
 * clock shows, a step wider than its field, a range that runs backwards are refused with what
 * is right instead, for a job that runs at another time than its author thinks helps nobody.
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/auto.h"
#include "base/calendar_parts.h"
#include "base/mem.h"
#include "base/printable.h"
#include "base/suggest.h"
#include "base/units.h"

enum {
    TEXT_MAX = 500,
    SHOWN_MAX = 40,
    NAME_SIZE = 3, /* of months and weekdays */
    MINUTE_MS = 60000,
    LONGEST_DAYS = 366,
};

#define BLANKS "\t "
#define FORMS  "five fields as in \"30 2 * * 1-5\", @daily, or every 6h"

struct field {
    const char *name;
    int min;
    int max;           /* that may be written */
    int star_max;      /* that "*" goes to */
    const char *names; /* three letters and a blank each, from min on; NULL: numbers only */
};

static const struct field fields[FIELD_COUNT] = {
    [FIELD_MINUTE] = {"minute", 0, 59, 59, NULL},
    [FIELD_HOUR] = {"hour", 0, 23, 23, NULL},
    [FIELD_DAY] = {"day", 1, 31, 31, NULL},
    [FIELD_MONTH] = {"month", 1, 12, 12, "jan feb mar apr may jun jul aug sep oct nov dec"},
    [FIELD_WEEKDAY] = {"weekday", 0, 7, 6, "sun mon tue wed thu fri sat"},
};

/* No @reboot: a start of the agent catches up on what is due, and that is all it means here. */
static const struct {
    const char *name;
    const char *line;
} nicknames[] = {
    {"@hourly", "0 * * * *"},   {"@daily", "0 0 * * *"},   {"@midnight", "0 0 * * *"},
    {"@weekly", "0 0 * * 0"},   {"@monthly", "0 0 1 * *"}, {"@yearly", "0 0 1 1 *"},
    {"@annually", "0 0 1 1 *"},
};

enum { NICKNAME_COUNT = sizeof nicknames / sizeof nicknames[0] };

/* "hour 25: " and what is wrong or right. */
static bool refuse(const struct field *field, const char *part, struct err *err, const char *format,
                   ...) __attribute__((format(printf, 4, 5)));

static bool refuse(const struct field *field, const char *part, struct err *err, const char *format,
                   ...)
{
    auto_free char *shown = printable_new(part);
    char what[160];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    // what a person can have meant is short: a long text would only hide the message
    bool is_shown = *shown != '\0' && strlen(shown) <= SHOWN_MAX;
    return err_set(err, ERR_CONFIG, "%s%s%s: %s", field->name, is_shown ? " " : "",
                   is_shown ? shown : "", what);
}

static bool refuse_value(const struct field *field, const char *part, struct err *err)
{
    if (!field->names)
        return refuse(field, part, err, "write %d to %d", field->min, field->max);
    return refuse(field, part, err, "write %d to %d or %.3s to %s", field->min, field->max,
                  field->names, field->names + strlen(field->names) - NAME_SIZE);
}

/* All digits, not so many that they could overflow. */
static bool read_number(const char *text, int *number)
{
    size_t size = strspn(text, "0123456789");

    *number = 0;
    if (size == 0 || size > 4 || text[size] != '\0')
        return false;
    while (*text)
        *number = *number * 10 + (*text++ - '0');
    return true;
}

/* Three letters in any case; longer ones are refused, since nobody agrees on which they are. */
static bool read_name(const struct field *field, const char *text, int *value)
{
    if (!field->names || strlen(text) != NAME_SIZE)
        return false;
    *value = field->min;
    for (const char *at = field->names; strlen(at) > NAME_SIZE; at += NAME_SIZE + 1, ++*value) {
        if (strncasecmp(at, text, NAME_SIZE) == 0)
            return true;
    }
    return strcasecmp(field->names + strlen(field->names) - NAME_SIZE, text) == 0;
}

static bool read_value(const struct field *field, const char *text, int *value, struct err *err)
{
    if (read_name(field, text, value))
        return true;
    if (!read_number(text, value) || *value < field->min || *value > field->max)
        return refuse_value(field, text, err);
    return true;
}

/* "8-18", "mon-fri"; Sunday may start and end weekdays under any of its names. */
static bool read_range(const struct field *field, const char *item, const char *high_text,
                       int range[2], struct err *err)
{
    if (strchr(high_text, '-'))
        return refuse(field, item, err, "a range has two ends, as in %d-%d", field->min,
                      field->star_max);
    if (!read_value(field, high_text, &range[1], err))
        return false;
    if (field->star_max < field->max && range[1] == 0 && range[0] > 0)
        range[1] = field->max;
    if (field->star_max < range[0] && range[1] < range[0])
        range[0] = field->min;
    if (range[0] > range[1])
        return refuse(field, item, err, "the range runs backwards: write %d-%d,%d-%d", range[0],
                      field->star_max, field->min, range[1]);
    return true;
}

/* What stands before a step: "*", "8", "8-18". */
static bool read_span(const struct field *field, const char *item, char *span, int range[2],
                      struct err *err)
{
    char *high = span;
    const char *low = strsep(&high, "-");

    range[0] = field->min;
    range[1] = field->star_max;
    if (strcmp(low, "*") == 0 && !high)
        return true;
    if (*low == '\0' || (high && *high == '\0'))
        return refuse(field, item, err, "a range has two ends, as in %d-%d", field->min,
                      field->star_max);
    if (!read_value(field, low, &range[0], err))
        return false;
    range[1] = range[0];
    return !high || read_range(field, item, high, range, err);
}

/* Too wide a step would be due once an hour (a day, ...) and not as seldom as it looks. */
static bool read_step(const struct field *field, const char *item, const char *text, int *step,
                      struct err *err)
{
    if (!read_number(text, step) || *step < 1 || *step > field->max)
        return refuse(field, item, err, "write a step of 1 to %d", field->max);
    return true;
}

/* One part of a list: what it spans, in steps. */
static bool add_item(const struct field *field, const char *item, uint64_t *set, struct err *err)
{
    auto_free char *copy = xstrdup(item);
    char *step_text = copy;
    char *span = strsep(&step_text, "/");
    bool is_one = strcspn(span, "*-") == strlen(span);
    int range[2];
    int step = 1;

    if (!read_span(field, item, span, range, err))
        return false;
    if (step_text && !read_step(field, item, step_text, &step, err))
        return false;
    if (step_text && is_one)
        return refuse(field, item, err, "a step needs a range: write %d-%d/%d", range[0],
                      field->star_max, step);
    for (int value = range[0]; value <= range[1]; value += step)
        *set |= UINT64_C(1) << value;
    return true;
}

static bool read_field(enum calendar_field which, const char *text, struct calendar *calendar,
                       struct err *err)
{
    const struct field *field = &fields[which];
    auto_free char *copy = xstrdup(text);
    uint64_t set = 0;
    char *rest = copy;
    char *item;

    while ((item = strsep(&rest, ","))) {
        if (*item == '\0')
            return refuse(field, text, err, "something is missing beside a comma");
        if (!add_item(field, item, &set, err))
            return false;
    }
    if (which == FIELD_WEEKDAY && set >> 7 & 1)
        set = (set | 1) & 0x7f;
    calendar->sets[which] = set;
    return true;
}

/* Some month that is meant has some day that is meant: in a leap year. */
static bool has_date(const struct calendar *calendar)
{
    static const int most[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    for (int month = 1; month <= 12; month++) {
        uint64_t days = (UINT64_C(1) << (most[month - 1] + 1)) - 1;

        if (calendar->sets[FIELD_MONTH] >> month & 1 && calendar->sets[FIELD_DAY] & days)
            return true;
    }
    return false;
}

/* Mostly a sixth field (seconds, or a command as in a crontab), or one forgotten. */
static bool wrong_count(const char *text, int count, struct err *err)
{
    auto_free char *shown = printable_new(text);

    // one word is another mistake
    if (count > 1) {
        return err_set(err, ERR_CONFIG,
                       "%d fields: write five, minute hour day month weekday, as in \"%s\"", count,
                       "30 2 * * 1-5");
    }
    if (strlen(shown) > SHOWN_MAX)
        return err_set(err, ERR_CONFIG, "this is no schedule: write " FORMS);
    return err_set(err, ERR_CONFIG, "\"%s\" is no schedule: write " FORMS, shown);
}

static bool parse_cron(const char *text, struct calendar *calendar, struct err *err)
{
    auto_free char *copy = xstrdup(text);
    const char *parts[FIELD_COUNT];
    char *rest = copy;
    const char *part;
    int count = 0;

    while ((part = strsep(&rest, BLANKS))) {
        if (*part != '\0' && count < FIELD_COUNT)
            parts[count] = part;
        count += *part != '\0';
    }
    if (count != FIELD_COUNT)
        return wrong_count(text, count, err);
    for (int i = 0; i < FIELD_COUNT; i++) {
        if (!read_field((enum calendar_field)i, parts[i], calendar, err))
            return false;
    }
    // as in the cron of Debian and others: what starts with a star does not restrict
    calendar->either_day = *parts[FIELD_DAY] != '*' && *parts[FIELD_WEEKDAY] != '*';
    if (!calendar->either_day && !has_date(calendar))
        return err_set(err, ERR_CONFIG, "day %s of month %s: no year has such a day",
                       parts[FIELD_DAY], parts[FIELD_MONTH]);
    return true;
}

static bool parse_nickname(const char *text, struct calendar *calendar, struct err *err)
{
    auto_free char *shown = printable_new(text);
    struct suggest suggest = {.word = text};

    for (int i = 0; i < NICKNAME_COUNT; i++) {
        if (strcasecmp(nicknames[i].name, text) == 0)
            return parse_cron(nicknames[i].line, calendar, err);
        suggest_offer(&suggest, nicknames[i].name);
    }
    if (strlen(shown) > SHOWN_MAX)
        shown[SHOWN_MAX] = '\0';
    if (suggest.best)
        return err_set(err, ERR_CONFIG, "%s: did you mean %s", shown, suggest.best);
    return err_set(err, ERR_CONFIG,
                   "%s: write @hourly, @daily, @midnight, @weekly, @monthly, @yearly or @annually",
                   shown);
}

/* Longer ones are likelier a slip than a wish, and next to nothing would ever be due. */
static bool parse_every(const char *span, struct calendar *calendar, struct err *err)
{
    int64_t ms;

    if (!units_parse_duration(span, &ms, err))
        return err_wrap(err, "every");
    if (ms < MINUTE_MS || ms > INT64_C(86400000) * LONGEST_DAYS || ms % 1000 != 0)
        return err_set(err, ERR_CONFIG, "every %s: write whole seconds, 60s to %dd", span,
                       LONGEST_DAYS);
    calendar->every_s = ms / 1000;
    return true;
}

bool calendar_parse(const char *text, struct calendar *calendar, struct err *err)
{
    size_t size = strlen(text);

    *calendar = (struct calendar){.every_s = 0};
    if (size > TEXT_MAX)
        return err_set(err, ERR_CONFIG, "this is no schedule: write " FORMS);
    text += strspn(text, BLANKS);
    auto_free char *trimmed = xstrdup(text);

    for (size = strlen(trimmed); size > 0 && strchr(BLANKS, trimmed[size - 1]); size--)
        trimmed[size - 1] = '\0';
    if (*trimmed == '\0')
        return err_set(err, ERR_CONFIG, "the schedule is empty: write " FORMS);
    if (*trimmed == '@')
        return parse_nickname(trimmed, calendar, err);
    if (strncasecmp(trimmed, "every", 5) == 0 && strchr(BLANKS, trimmed[5]))
        return parse_every(trimmed + 5 + strspn(trimmed + 5, BLANKS), calendar, err);
    return parse_cron(trimmed, calendar, err);
}
