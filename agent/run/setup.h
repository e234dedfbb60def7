/* setup.h - from the configuration to what the lower layers take. */
#ifndef RUN_SETUP_H
#define RUN_SETUP_H

#include "base/err.h"
#include "config/config.h"
#include "flow/flow.h"
#include "flow/source.h"
#include "net/http.h"

/* Compiles one watch; ERR_CONFIG begins with the key ("exclude[1]: ..."). NULL on failure. */
struct source *setup_source(const struct config_watch *watch, struct err *err);

/*
 * The proxy's user:password is read here into *proxy_auth (the caller's, may be NULL
 * afterwards). loop must outlive the result. NULL: ERR_CONFIG.
 */
struct http *setup_http(uv_loop_t *loop, const struct config *config,
                        const char *(*environment)(const char *name), struct secret **proxy_auth,
                        struct err *err);

/* Plain values for the flows; formats and the path template are the caller's to free. */
struct setup_sboms {
    struct flow_format *formats;
    struct template *path;
};

bool setup_flow(const struct config *config, struct flow_settings *settings,
                struct setup_sboms *sboms, struct err *err);
void setup_sboms_release(struct setup_sboms *sboms);

#endif
