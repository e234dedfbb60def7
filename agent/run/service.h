/*
 * service.h - telling the service manager how it is going (sd_notify's protocol).
 *
 * A datagram to $NOTIFY_SOCKET; without one every call does nothing. Written out here,
 * as it is twenty lines, so that the program needs no libsystemd.
 */
#ifndef RUN_SERVICE_H
#define RUN_SERVICE_H

#include <stdint.h>

struct service;

struct service *service_new(const char *(*environment)(const char *name));
void service_free(struct service *service);

void service_ready(struct service *service);
void service_stopping(struct service *service);
void service_reloading(struct service *service);
void service_status(struct service *service, const char *text); /* sent when it differs */

/* To be called while loop and queue move; feeds the watchdog twice as often as it asks. */
void service_alive(struct service *service, int64_t now_steady_ms);

#endif
