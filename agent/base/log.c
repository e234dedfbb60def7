#include "base/log.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/printable.h"

enum { LINE_MAX_BYTES = 16384 };

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

static void add(struct buf *line, const char *text)
{
    struct err ignored;

    (void)buf_add_text(line, text, &ignored); /* a line over its maximum loses its tail */
}

static bool needs_quotes(const char *text)
{
    return text[0] == '\0' || strpbrk(text, " \"=") != NULL;
}

static void add_value(struct buf *line, const char *text)
{
    auto_free char *shown = printable_new(text);
    struct err ignored;

    if (!needs_quotes(shown)) {
        add(line, shown);
        return;
    }
    add(line, "\"");
    for (const char *c = shown; *c; c++) {
        if (*c == '"')
            add(line, "\\");
        (void)buf_add(line, c, 1, &ignored);
    }
    add(line, "\"");
}

static void add_text_field(struct buf *line, const struct log_field *field)
{
    char number[32];

    if (!field->text && !field->is_number)
        return;
    add(line, " ");
    add(line, field->key);
    add(line, "=");
    if (field->text) {
        add_value(line, field->text);
        return;
    }
    snprintf(number, sizeof number, "%jd", (intmax_t)field->number);
    add(line, number);
}

static void build_text(struct buf *line, enum log_level level, const char *event,
                       const struct log_field *fields, size_t count)
{
    char when[CLOCK_TEXT_SIZE];

    if (!settings.journal) {
        add(line, clock_text(clock_wall_ms(), when));
        add(line, " ");
    }
    add(line, levels[level].name);
    add(line, " ");
    add(line, event);
    for (size_t i = 0; i < count; i++)
        add_text_field(line, &fields[i]);
}

static void build_json(struct buf *line, enum log_level level, const char *event,
                       const struct log_field *fields, size_t count)
{
    char when[CLOCK_TEXT_SIZE];
    auto_json json_t *object = json_pack("{s:s,s:s,s:s}", "time", clock_text(clock_wall_ms(), when),
                                         "level", levels[level].name, "event", event);

    for (size_t i = 0; i < count; i++) {
        if (fields[i].text) {
            auto_free char *shown = printable_new(fields[i].text);
            json_object_set_new(object, fields[i].key, json_string(shown));
        } else if (fields[i].is_number) {
            json_object_set_new(object, fields[i].key, json_integer(fields[i].number));
        }
    }
    auto_free char *text = json_dumps(object, JSON_COMPACT);
    add(line, text ? text : "{}");
}

void log_write(enum log_level level, const char *event, const struct log_field *fields,
               size_t count)
{
    auto_buf struct buf line = {.max = LINE_MAX_BYTES};
    char prefix[8];

    if (!log_is_on(level))
        return;
    if (settings.before)
        settings.before(settings.before_owner);
    if (settings.journal) {
        snprintf(prefix, sizeof prefix, "<%d>", levels[level].priority);
        add(&line, prefix);
    }
    if (settings.format == LOG_FORMAT_JSON)
        build_json(&line, level, event, fields, count);
    else
        build_text(&line, level, event, fields, count);
    line.max++; /* room for the newline even in a cut line */
    add(&line, "\n");
    /* One write a line; a closed or full log stream must not stop the agent. */
    ssize_t written = write(STDERR_FILENO, line.bytes, line.size);
    (void)written;
}
