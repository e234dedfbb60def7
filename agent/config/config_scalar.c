#include "config/config_scalar.h"

#include <assert.h>
#include <string.h>
#include <time.h>

#include "base/auto.h"
#include "base/mem.h"
#include "base/printable.h"
#include "base/suggest.h"
#include "config/config.h"
#include "config/config_measure.h"
#include "config/config_url.h"
#include "config/config_words.h"

enum { SHOWN_MAX = 60 };

/* A value on its way into a member. */
struct input {
    const struct config_option *option;
    const char *text;
    struct config_pool *pool;
    void *member;
};

static void put(const struct input *input, const void *value, size_t size)
{
    memcpy(input->member, value, size);
}

static bool put_text(const struct input *input, const char *text)
{
    put(input, &text, sizeof text);
    return true;
}

/* Says both ends: whoever guessed wrong once shall not have to guess again. */
static bool check_range(const struct config_option *option, int64_t number, struct err *err)
{
    char least[UNITS_TEXT_SIZE];
    char most[UNITS_TEXT_SIZE];
    char got[UNITS_TEXT_SIZE];

    if (number >= option->least && number <= option->most)
        return true;
    config_measure_text(option->type, option->least, least);
    config_measure_text(option->type, option->most, most);
    config_measure_text(option->type, number, got);
    if (option->least == option->most)
        return err_set(err, ERR_CONFIG, "%s is not accepted; write %s", got, least);
    return err_set(err, ERR_CONFIG, "%s is out of range; write %s to %s", got, least, most);
}

/*
 * Every text of the configuration is printed sooner or later, in logs, JSON and `config
 * show`, and a newline in a template or a path has never been meant.
 */
static bool read_plain(const struct input *input, struct err *err)
{
    if (*input->text == '\0')
        return err_set(err, ERR_CONFIG, "the text is empty; write one or remove the line");
    if (!printable_is(input->text))
        return err_set(err, ERR_CONFIG,
                       "the text has a control character or is no UTF-8; remove it");
    return put_text(input, input->text);
}

/* Cuts "//", "/./" and a trailing slash, so that two spellings of one path are equal. */
static bool read_path(const struct input *input, struct err *err)
{
    if (!read_plain(input, err))
        return false;
    if (input->text[0] != '/') {
        auto_free char *shown = config_scalar_quoted(input->text);
        return err_set(err, ERR_CONFIG, "%s is no absolute path; start it with /", shown);
    }
    char *clean = config_pool_alloc(input->pool, strlen(input->text) + 2);
    char *end = clean;
    for (const char *at = input->text; *at;) {
        at += strspn(at, "/");
        size_t size = strcspn(at, "/");
        if (size > 0 && !(size == 1 && *at == '.')) {
            *end++ = '/';
            memcpy(end, at, size);
            end += size;
        }
        at += size;
    }
    if (end == clean)
        *end = '/';
    return put_text(input, clean);
}

static bool read_url(const struct input *input, struct err *err)
{
    return config_url_check(input->text, input->option->words, err) && put_text(input, input->text);
}

static bool read_name(const struct input *input, struct err *err)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    size_t size = strlen(input->text);

    if (size > 0 && size <= 64 && strspn(input->text, letters) == size)
        return put_text(input, input->text);
    auto_free char *shown = config_scalar_quoted(input->text);
    return err_set(err, ERR_CONFIG, "%s is no name; write at most 64 letters, digits, _ and -",
                   shown);
}

/* The number types: parsed in their unit, then held against the range. */
static bool read_number(const struct input *input, struct err *err)
{
    const struct config_option *option = input->option;
    int64_t number = 0;

    // the only number that may be left out by a word is one that is left out by default
    if (option->fallback && strcmp(option->fallback, "none") == 0 &&
        strcmp(input->text, "none") == 0) {
        put(input, &number, sizeof number);
        return true;
    }
    if (!config_measure_parse(option->type, input->text, &number, err) ||
        !check_range(option, number, err))
        return false;
    put(input, &number, sizeof number);
    return true;
}

static bool has_form(const char *text, const char *form)
{
    for (; *form; form++, text++) {
        if (*form == '9' ? *text < '0' || *text > '9' : *text != *form)
            return false;
    }
    return *text == '\0';
}

static int digits(const char *text, size_t count)
{
    int number = 0;

    while (count-- > 0)
        number = number * 10 + (*text++ - '0');
    return number;
}

/* 00:00 UTC of that day: whose midnight a token ends at is not known. */
static bool read_date(const struct input *input, struct err *err)
{
    const char *text = input->text;
    auto_free char *shown = config_scalar_quoted(text);

    if (!has_form(text, "9999-99-99"))
        return err_set(err, ERR_CONFIG, "%s is no date; write it as in 2027-03-01", shown);
    struct tm day = {.tm_year = digits(text, 4) - 1900,
                     .tm_mon = digits(text + 5, 2) - 1,
                     .tm_mday = digits(text + 8, 2)};
    struct tm same = day;
    int64_t ms = (int64_t)timegm(&same) * 1000;
    // timegm turns the 31st of June into the 1st of July; before 1970 "not set" would be near
    if (same.tm_mon != day.tm_mon || same.tm_mday != day.tm_mday || ms <= 0)
        return err_set(err, ERR_CONFIG, "%s is not in the calendar; write a day that exists",
                       shown);
    put(input, &ms, sizeof ms);
    return true;
}

static bool read_mode(const struct input *input, struct err *err)
{
    const char *octal = input->text[0] == '0' ? input->text + 1 : input->text;
    int64_t mode = 0;

    for (const char *at = octal; *at >= '0' && *at <= '7' && at < octal + 3; at++)
        mode = mode * 8 + (*at - '0');
    // the owner writes them, nobody runs them, and not everybody may change them
    if (strlen(octal) != 3 || strspn(octal, "01234567") != 3 || (mode & 0600) != 0600 ||
        (mode & 0113) != 0) {
        auto_free char *shown = config_scalar_quoted(input->text);
        return err_set(err, ERR_CONFIG,
                       "%s is no file mode for documents; write it as in 0644 or 0640", shown);
    }
    put(input, &mode, sizeof mode);
    return true;
}

/* YAML 1.1 has 22 spellings of a boolean; people who meant a word have met them all. */
static bool read_bool(const struct input *input, struct err *err)
{
    bool value = strcmp(input->text, "true") == 0;

    if (!value && strcmp(input->text, "false") != 0) {
        auto_free char *shown = config_scalar_quoted(input->text);
        return err_set(err, ERR_CONFIG, "%s is not accepted; write true or false", shown);
    }
    put(input, &value, sizeof value);
    return true;
}

static bool read_word(const struct input *input, struct err *err)
{
    const struct config_option *option = input->option;
    unsigned index;

    if (config_words_index(option->words, input->text, strlen(input->text), &index)) {
        _Static_assert(sizeof(enum config_mode) == sizeof index, "enums are read as unsigned");
        put(input, &index, sizeof index);
        return true;
    }
    auto_free char *shown = config_scalar_quoted(input->text);
    auto_free char *listed = config_words_listed(option->words);
    return err_set(err, ERR_CONFIG, "%s is not accepted; write %s", shown, listed);
}

static bool read_keep(const struct input *input, struct err *err)
{
    struct config_keep keep;

    if (!config_measure_parse_keep(input->text, &keep, err))
        return false;
    put(input, &keep, sizeof keep);
    return true;
}

static bool read_events(const struct input *input, struct err *err)
{
    uint32_t events;

    if (!config_scalar_events(input->text, &events, err))
        return false;
    put(input, &events, sizeof events);
    return true;
}

/* The lists are read by config_value.c, item by item, with these. */
typedef bool read_fn(const struct input *input, struct err *err);

static read_fn *const readers[] = {
    [OPTION_TEXT] = read_plain,    [OPTION_PATH] = read_path,       [OPTION_URL] = read_url,
    [OPTION_NAME] = read_name,     [OPTION_DURATION] = read_number, [OPTION_RATE] = read_number,
    [OPTION_BUDGET] = read_number, [OPTION_CLOCK] = read_number,    [OPTION_SHARE] = read_number,
    [OPTION_COUNT] = read_number,  [OPTION_DATE] = read_date,       [OPTION_MODE] = read_mode,
    [OPTION_BOOL] = read_bool,     [OPTION_WORD] = read_word,       [OPTION_KEEP] = read_keep,
    [OPTION_EVENTS] = read_events,
};

bool config_scalar_read(const struct config_option *option, const char *text,
                        struct config_pool *pool, void *member, struct err *err)
{
    const struct input input = {.option = option, .text = text, .pool = pool, .member = member};

    assert(option->type < sizeof readers / sizeof readers[0]);
    return readers[option->type](&input, err);
}

char *config_scalar_quoted(const char *text)
{
    auto_free char *shown = printable_new(text);

    return strlen(shown) > SHOWN_MAX ? xstrdup("this") : xasprintf("\"%s\"", shown);
}

bool config_scalar_events(const char *text, uint32_t *events, struct err *err)
{
    struct suggest suggest = {.word = text};

    *events = (UINT32_C(1) << CONFIG_EVENT_COUNT) - 1;
    if (strcmp(text, "all") == 0)
        return true;
    for (unsigned i = 0; i < CONFIG_EVENT_COUNT; i++) {
        const char *name = config_event_name((enum config_event)i);

        *events = UINT32_C(1) << i;
        if (strcmp(text, name) == 0)
            return true;
        suggest_offer(&suggest, name);
    }
    auto_free char *shown = config_scalar_quoted(text);
    if (suggest.best)
        return err_set(err, ERR_CONFIG, "%s is no event; did you mean %s?", shown, suggest.best);
    return err_set(err, ERR_CONFIG,
                   "%s is no event; write one of those that config/onekey-agent.yaml lists", shown);
}
