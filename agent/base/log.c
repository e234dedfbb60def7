#include "base/log.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/printable.h"

enum { LINE_MAX_BYTES = 16384, SHORT_VALUE_BYTES = 256 };

static struct {
    enum log_level level;
    enum log_format format;
    bool journal; /* prefix each line with its <N> priority */
    void (*before)(void *owner);
    void *before_owner;
} settings = {.level = LOG_LEVEL_INFO};

static const struct {
    const char *name;
    int priority; /* syslog's */
} levels[] = {
    [LOG_LEVEL_ALERT] = {"alert", 2}, [LOG_LEVEL_ERROR] = {"error", 3},
    [LOG_LEVEL_WARN] = {"warn", 4},   [LOG_LEVEL_INFO] = {"info", 6},
    [LOG_LEVEL_DEBUG] = {"debug", 7},
};

void log_setup(enum log_level level, enum log_format format, bool journal)
{
    settings.level = level;
    settings.format = format;
    settings.journal = journal;
}

bool log_is_on(enum log_level level)
{
    return level <= settings.level;
}

void log_set_before(void (*before)(void *owner), void *owner)
{
    settings.before = before;
    settings.before_owner = owner;
}

/* One event, and how much of it is told. */
struct telling {
    enum log_level level;
    const char *event;
    const struct log_field *fields;
    size_t count;
    size_t value_max; /* bytes of a text as it is shown; longer ones end in "..." */
};

static bool add(struct buf *line, const char *text)
{
    struct err ignored;

    return buf_add_text(line, text, &ignored);
}

/* Caller frees. Cut between two characters. */
static char *new_value(const char *text, size_t max)
{
    char *shown = printable_new(text);
    size_t cut = max;

    if (strlen(shown) <= max)
        return shown;
    while (cut > max - 3 || ((unsigned char)shown[cut] & 0xc0) == 0x80)
        cut--;
    memcpy(shown + cut, "...", 4);
    return shown;
}

static bool needs_quotes(const char *text)
{
    return text[0] == '\0' || strpbrk(text, " \"=") != NULL;
}

/* A backslash is doubled as well: it would turn the closing quote into a part of the value. */
static bool add_value(struct buf *line, const char *shown)
{
    struct err ignored;
    bool fits = true;

    if (!needs_quotes(shown))
        return add(line, shown);
    fits = add(line, "\"");
    for (const char *c = shown; *c && fits; c++) {
        if (*c == '"' || *c == '\\')
            fits = add(line, "\\");
        fits = fits && buf_add(line, c, 1, &ignored);
    }
    return fits && add(line, "\"");
}

static bool add_text_field(struct buf *line, const struct log_field *field, size_t value_max)
{
    char number[32];

    if (!field->text && !field->is_number)
        return true;
    if (!add(line, " ") || !add(line, field->key) || !add(line, "="))
        return false;
    if (field->text) {
        auto_free char *shown = new_value(field->text, value_max);

        return add_value(line, shown);
    }
    snprintf(number, sizeof number, "%jd", (intmax_t)field->number);
    return add(line, number);
}

static bool build_text(struct buf *line, const struct telling *telling)
{
    char when[CLOCK_TEXT_SIZE];
    bool fits = true;

    if (!settings.journal)
        fits = add(line, clock_text(clock_wall_ms(), when)) && add(line, " ");
    fits = fits && add(line, levels[telling->level].name) && add(line, " ") &&
           add(line, telling->event);
    for (size_t i = 0; i < telling->count && fits; i++)
        fits = add_text_field(line, &telling->fields[i], telling->value_max);
    return fits;
}

static bool build_json(struct buf *line, const struct telling *telling)
{
    char when[CLOCK_TEXT_SIZE];
    auto_json json_t *object =
        json_pack("{s:s,s:s,s:s}", "time", clock_text(clock_wall_ms(), when), "level",
                  levels[telling->level].name, "event", telling->event);

    for (size_t i = 0; i < telling->count; i++) {
        const struct log_field *field = &telling->fields[i];

        if (field->text) {
            auto_free char *shown = new_value(field->text, telling->value_max);
            json_object_set_new(object, field->key, json_string(shown));
        } else if (field->is_number) {
            json_object_set_new(object, field->key, json_integer(field->number));
        }
    }
    auto_free char *text = json_dumps(object, JSON_COMPACT);
    return add(line, text ? text : "{}");
}

static bool build(struct buf *line, const struct telling *telling)
{
    char prefix[8];

    buf_clear(line);
    if (settings.journal) {
        snprintf(prefix, sizeof prefix, "<%d>", levels[telling->level].priority);
        (void)add(line, prefix);
    }
    return settings.format == LOG_FORMAT_JSON ? build_json(line, telling)
                                              : build_text(line, telling);
}

void log_write(enum log_level level, const char *event, const struct log_field *fields,
               size_t count)
{
    auto_buf struct buf line = {.max = LINE_MAX_BYTES};
    struct telling telling = {level, event, fields, count, LINE_MAX_BYTES};

    if (!log_is_on(level))
        return;
    if (settings.before)
        settings.before(settings.before_owner);
    // a line that is too long keeps all its fields and loses the ends of long ones
    if (!build(&line, &telling)) {
        telling.value_max = SHORT_VALUE_BYTES;
        if (!build(&line, &telling)) {
            telling.count = 0;
            (void)build(&line, &telling);
        }
    }
    line.max++; /* room for the newline even in a full line */
    (void)add(&line, "\n");
    /* One write a line; a closed or full log stream must not stop the agent. */
    ssize_t written = write(STDERR_FILENO, line.bytes, line.size);
    (void)written;
}
