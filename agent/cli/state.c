/*
 * state.c - what people type becomes what the ledger knows: an absolute path without
 * detours. Links are not resolved: the ledger has paths as the watches are configured.
 */
#include "cli/state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/mem.h"
#include "cli/command.h"

static int ask(struct session *session, const struct inquire *want, control_row_fn *on_row,
               void *owner, struct err *err)
{
    struct inquire inquiry = *want;

    if (!session->settings.config && !session_config(session, err))
        return command_failed(err);
    inquiry.state_dir = session->settings.config->state_dir;
    inquiry.lock_wait_ms = session->args.lock_wait_ms;
    return inquire(&inquiry, on_row, owner, err);
}

int state_ask(struct session *session, const char *command, json_t *arguments,
              control_row_fn *on_row, void *owner, struct err *err)
{
    const struct inquire want = {.command = command, .arguments = arguments};

    return ask(session, &want, on_row, owner, err);
}

int state_change(struct session *session, const char *command, json_t *arguments,
                 control_row_fn *on_row, void *owner, struct err *err)
{
    const struct inquire want = {.command = command, .arguments = arguments, .makes_ledger = true};

    return ask(session, &want, on_row, owner, err);
}

/* Appends one component to a path that holds "" or "/a/b". */
static void walk_to(char *path, const char *name, size_t size)
{
    size_t used = strlen(path);

    if (size == 0 || (size == 1 && name[0] == '.'))
        return;
    if (size == 2 && memcmp(name, "..", 2) == 0) {
        char *slash = strrchr(path, '/');
        if (slash)
            *slash = '\0';
        return;
    }
    path[used] = '/';
    memcpy(path + used + 1, name, size);
    path[used + 1 + size] = '\0';
}

char *state_path(const char *typed, struct err *err)
{
    /* As the shell shows it: $PWD where that is right, so that links on the way stay. */
    auto_free char *here = *typed == '/' ? xstrdup("") : get_current_dir_name();

    if (!here) {
        err_sys(err, errno, "find out where this is");
        err->kind = ERR_INPUT;
        return NULL;
    }
    auto_free char *whole = xasprintf("%s/%s", here, typed);
    char *path = xcalloc(1, strlen(whole) + 2);
    for (const char *at = whole; *at;) {
        size_t size = strcspn(at, "/");

        walk_to(path, at, size);
        at += size + (at[size] == '/');
    }
    if (path[0] == '\0')
        path[0] = '/';
    return path;
}
