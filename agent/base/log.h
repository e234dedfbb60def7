/*
 * log.h - one line per event on stderr.
 *
 *   log_info("upload_done", F_NAME("path", path), F_TEXT("firmware_id", id), F_INT("bytes", n));
 *
 * Event names are stable; the fields are typed, so that the text and the JSON form
 * say the same and no name that others chose can forge a line. The settings are the
 * program's only mutable file-scope state: a logger that had to be passed through
 * every call would be the one argument nobody reads.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_level {
    LOG_LEVEL_ALERT,
    LOG_LEVEL_ERROR,
    LOG_LEVEL_WARN,
    LOG_LEVEL_INFO,
    LOG_LEVEL_DEBUG
};
enum log_format { LOG_FORMAT_TEXT, LOG_FORMAT_JSON };

struct log_field {
    const char *key;
    const char *text; /* NULL: the number counts, or the field is absent */
    int64_t number;
    bool is_number;
};

#define F_TEXT(key_, text_) ((struct log_field){.key = (key_), .text = (text_)})
#define F_INT(key_, number_)                                                                       \
    ((struct log_field){.key = (key_), .number = (int64_t)(number_), .is_number = true})

void log_setup(enum log_level level, enum log_format format, bool journal);
bool log_is_on(enum log_level level);

/* Called before a line is written, to clear a progress line; NULL for none. */
void log_set_before(void (*before)(void *owner), void *owner);

void log_write(enum log_level level, const char *event, const struct log_field *fields,
               size_t count);

#define log_fields_(...) ((const struct log_field[]){__VA_ARGS__})
#define log_at(level, event, ...)                                                                  \
    log_write((level), (event), log_fields_(__VA_ARGS__),                                          \
              sizeof log_fields_(__VA_ARGS__) / sizeof(struct log_field))
#define log_alert(event, ...) log_at(LOG_LEVEL_ALERT, event, __VA_ARGS__)
#define log_error(event, ...) log_at(LOG_LEVEL_ERROR, event, __VA_ARGS__)
#define log_warn(event, ...)  log_at(LOG_LEVEL_WARN, event, __VA_ARGS__)
#define log_info(event, ...)  log_at(LOG_LEVEL_INFO, event, __VA_ARGS__)
#define log_debug(event, ...) log_at(LOG_LEVEL_DEBUG, event, __VA_ARGS__)

#endif
