#include "config/config_measure.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/mem.h"
#include "config/config_scalar.h"

#define PER_DAY "/day"
#define DAY_MS  INT64_C(86400000)

enum {
    HOUR_MINUTES = 60,
    DAY_MINUTES = 1440,
    DECIMALS = 3,
    YEAR_DAYS = 365,
    KEEP_YEARS = 100,         /* more than any law asks for, and far below 63 bits of ms */
    KEEP_REVISIONS = 1000000, /* of one document: one a day would be 2700 years */
};

static bool is_digit(char letter)
{
    return letter >= '0' && letter <= '9';
}

static bool refuse(const char *text, const char *what, struct err *err)
{
    auto_free char *shown = config_scalar_quoted(text);

    return err_set(err, ERR_CONFIG, "%s is no %s", shown, what);
}

/* Always four digits: 8:5 would leave people to guess. */
static bool parse_clock(const char *text, int64_t *minutes, struct err *err)
{
    bool has_form = strlen(text) == strlen("08:00") && is_digit(text[0]) && is_digit(text[1]) &&
                    text[2] == ':' && is_digit(text[3]) && is_digit(text[4]);

    if (has_form) {
        int hour = (text[0] - '0') * 10 + text[1] - '0';
        int minute = (text[3] - '0') * 10 + text[4] - '0';

        *minutes = (int64_t)hour * HOUR_MINUTES + minute;
        if (minute < HOUR_MINUTES && *minutes <= DAY_MINUTES)
            return true;
    }
    return refuse(text, "time of day; write it as in 08:00", err);
}

static const char *clock_text(int64_t minutes, char text[UNITS_TEXT_SIZE])
{
    snprintf(text, UNITS_TEXT_SIZE, "%02d:%02d", (int)(minutes / HOUR_MINUTES),
             (int)(minutes % HOUR_MINUTES));
    return text;
}

/* The "/day" is asked for: beside a rate per second nobody shall have to know the unit. */
static bool parse_budget(const char *text, int64_t *bytes, struct err *err)
{
    const char *slash = strchr(text, '/');
    auto_free char *size = xstrndup(text, slash ? (size_t)(slash - text) : 0);
    struct err ignored;

    if (slash && strcmp(slash, PER_DAY) == 0 && units_parse_size(size, bytes, &ignored))
        return true;
    return refuse(text, "budget; write a size a day, as in 50GiB/day", err);
}

/* By hand and exact: a double would make 0.3 of 0.29999999999999999. */
static bool parse_share(const char *text, int64_t *permille, struct err *err)
{
    if (strcmp(text, "0") == 0 || strcmp(text, "1") == 0) {
        *permille = *text == '1' ? 1000 : 0;
        return true;
    }
    if ((text[0] == '0' || text[0] == '1') && text[1] == '.' && is_digit(text[2])) {
        const char *at = text + 2;
        int64_t value = text[0] - '0';

        for (int i = 0; i < DECIMALS; i++)
            value = value * 10 + (is_digit(*at) ? *at++ - '0' : 0);
        *permille = value;
        if (*at == '\0' && value <= 1000)
            return true;
    }
    return refuse(text, "share; write 0 to 1 with at most three decimals, as in 0.5", err);
}

/* Without the zeros behind: 0.5, not 0.500. */
static const char *share_text(int64_t permille, char text[UNITS_TEXT_SIZE])
{
    size_t size = (size_t)snprintf(text, UNITS_TEXT_SIZE, "%" PRId64 ".%03" PRId64, permille / 1000,
                                   permille % 1000);

    while (text[size - 1] == '0')
        text[--size] = '\0';
    if (text[size - 1] == '.')
        text[--size] = '\0';
    return text;
}

/* The number before a unit of so many letters; true when it is 1 to most. */
static bool read_amount(const char *text, size_t unit_size, int64_t most, int64_t *amount)
{
    auto_free char *digits = xstrndup(text, strlen(text) - unit_size);
    struct err ignored;

    return units_parse_count(digits, amount, &ignored) && *amount >= 1 && *amount <= most;
}

bool config_measure_has_range(enum config_option_type type)
{
    return type >= OPTION_DURATION && type <= OPTION_COUNT;
}

bool config_measure_parse(enum config_option_type type, const char *text, int64_t *number,
                          struct err *err)
{
    if (type == OPTION_DURATION)
        return units_parse_duration(text, number, err);
    if (type == OPTION_RATE)
        return units_parse_rate(text, number, err);
    if (type == OPTION_BUDGET)
        return parse_budget(text, number, err);
    if (type == OPTION_CLOCK)
        return parse_clock(text, number, err);
    if (type == OPTION_SHARE)
        return parse_share(text, number, err);
    return units_parse_count(text, number, err);
}

const char *config_measure_text(enum config_option_type type, int64_t number,
                                char text[UNITS_TEXT_SIZE])
{
    char size[UNITS_TEXT_SIZE];

    if (type == OPTION_DURATION)
        return units_duration_text(number, text);
    if (type == OPTION_RATE)
        return units_size_text(number, text);
    if (type == OPTION_SHARE)
        return share_text(number, text);
    if (type == OPTION_CLOCK)
        return clock_text(number, text);
    if (type == OPTION_BUDGET)
        snprintf(text, UNITS_TEXT_SIZE, "%.20s" PER_DAY, units_size_text(number, size));
    else
        snprintf(text, UNITS_TEXT_SIZE, "%" PRId64, number);
    return text;
}

bool config_measure_parse_keep(const char *text, struct config_keep *keep, struct err *err)
{
    size_t size = strlen(text);
    char unit = '\0';
    int64_t amount = 0;

    *keep = (struct config_keep){0};
    if (strcmp(text, "all") == 0)
        return true;
    if (size > 0)
        unit = text[size - 1];
    if (is_digit(unit) && read_amount(text, 0, KEEP_REVISIONS, &amount))
        keep->revisions = amount;
    else if (unit == 'd' && read_amount(text, 1, (int64_t)KEEP_YEARS * YEAR_DAYS, &amount))
        keep->ms = amount * DAY_MS;
    else if (unit == 'y' && read_amount(text, 1, KEEP_YEARS, &amount))
        keep->ms = amount * YEAR_DAYS * DAY_MS;
    if (keep->revisions > 0 || keep->ms > 0)
        return true;
    auto_free char *shown = config_scalar_quoted(text);
    return err_set(err, ERR_CONFIG,
                   "%s is not accepted; write all, 1 to %d (revisions), 1d to %dd or 1y to %dy",
                   shown, KEEP_REVISIONS, KEEP_YEARS * YEAR_DAYS, KEEP_YEARS);
}

const char *config_measure_keep_text(const struct config_keep *keep, char text[UNITS_TEXT_SIZE])
{
    int64_t days = keep->ms / DAY_MS; // it came from whole days, so nothing is lost

    if (keep->revisions > 0)
        snprintf(text, UNITS_TEXT_SIZE, "%" PRId64, keep->revisions);
    else if (days == 0)
        snprintf(text, UNITS_TEXT_SIZE, "all");
    else if (days % YEAR_DAYS == 0)
        snprintf(text, UNITS_TEXT_SIZE, "%" PRId64 "y", days / YEAR_DAYS);
    else
        snprintf(text, UNITS_TEXT_SIZE, "%" PRId64 "d", days);
    return text;
}
