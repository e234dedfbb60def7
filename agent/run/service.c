#include "run/service.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/mem.h"

struct service {
    int fd; /* -1: nobody listens */
    struct sockaddr_un address;
    socklen_t address_size;
    int64_t watchdog_ms; /* 0: not wanted */
    int64_t fed_at;
    char *status;
};

static bool find_socket(struct service *service, const char *path)
{
    size_t size = path ? strlen(path) : 0;

    if (size < 2 || size >= sizeof service->address.sun_path || (path[0] != '/' && path[0] != '@'))
        return false;
    service->address.sun_family = AF_UNIX;
    memcpy(service->address.sun_path, path, size);
    if (path[0] == '@')
        service->address.sun_path[0] = '\0'; /* an abstract name */
    service->address_size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size);
    return true;
}

struct service *service_new(const char *(*environment)(const char *name))
{
    struct service *service = xcalloc(1, sizeof *service);
    const char *watchdog = environment("WATCHDOG_USEC");

    service->fd = -1;
    if (!find_socket(service, environment("NOTIFY_SOCKET")))
        return service;
    service->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (watchdog)
        service->watchdog_ms = strtoll(watchdog, NULL, 10) / 1000;
    return service;
}

void service_free(struct service *service)
{
    if (service->fd >= 0)
        close(service->fd);
    free(service->status);
    free(service);
}

static void tell(const struct service *service, const char *text)
{
    if (service->fd < 0)
        return;
    /* Not being heard changes nothing for the work. */
    ssize_t sent = sendto(service->fd, text, strlen(text), MSG_NOSIGNAL,
                          (const struct sockaddr *)&service->address, service->address_size);
    (void)sent;
}

void service_ready(struct service *service)
{
    tell(service, "READY=1");
}

void service_stopping(struct service *service)
{
    tell(service, "STOPPING=1");
}

void service_reloading(struct service *service)
{
    struct timespec now;
    char text[96];

    clock_gettime(CLOCK_MONOTONIC, &now);
    snprintf(text, sizeof text, "RELOADING=1\nMONOTONIC_USEC=%jd",
             (intmax_t)now.tv_sec * 1000000 + now.tv_nsec / 1000);
    tell(service, text);
}

void service_status(struct service *service, const char *text)
{
    if (service->status && strcmp(service->status, text) == 0)
        return;
    text_replace(&service->status, text);
    auto_free char *line = xasprintf("STATUS=%s", text);
    tell(service, line);
}

void service_alive(struct service *service, int64_t now_steady_ms)
{
    if (service->watchdog_ms <= 0 || now_steady_ms - service->fed_at < service->watchdog_ms / 2)
        return;
    service->fed_at = now_steady_ms;
    tell(service, "WATCHDOG=1");
}
