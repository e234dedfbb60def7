/*
 * auto.h - release on scope exit.
 *
 * A local that owns something carries one of these; every return path releases
 * it. auto_take() hands ownership on and disarms the release.
 */
#ifndef BASE_AUTO_H
#define BASE_AUTO_H

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* slot is the address of a pointer of any type. */
static inline void auto_free_fn(void *slot)
{
    void *owned;

    memcpy(&owned, slot, sizeof owned);
    free(owned);
}

static inline void auto_fd_fn(const int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

static inline void auto_json_fn(json_t **value)
{
    json_decref(*value);
}

#define auto_free __attribute__((cleanup(auto_free_fn)))
#define auto_fd   __attribute__((cleanup(auto_fd_fn)))
#define auto_json __attribute__((cleanup(auto_json_fn)))

#define auto_take(pointer)                                                                         \
    __extension__({                                                                                \
        __typeof__(pointer) taken_ = (pointer);                                                    \
        (pointer) = NULL;                                                                          \
        taken_;                                                                                    \
    })

#endif
