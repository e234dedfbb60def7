/* event_bytes.h - events that no test can make the kernel send. */
#ifndef TESTS_EVENT_BYTES_H
#define TESTS_EVENT_BYTES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/inotify.h>

/* One event as the kernel writes it. */
static inline size_t put_event(char *bytes, int number, uint32_t event_mask, const char *name)
{
    struct inotify_event event = {.wd = number, .mask = event_mask};

    event.len = name ? 16 : 0;
    memcpy(bytes, &event, sizeof event);
    memset(bytes + sizeof event, 0, event.len);
    if (name)
        memcpy(bytes + sizeof event, name, strlen(name) + 1);
    return sizeof event + event.len;
}

#endif
