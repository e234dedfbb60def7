/*
 * control_client.c - candidates one after the other, then one blocking conversation.
 *
 * Every wait has a limit: a daemon that is stopped in a debugger must not hang a command
 * in somebody's build. Nothing that the other side sends is trusted to have an end.
 */
#include "control/control_client.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/printable.h"
#include "control/control_files.h"
#include "control/control_line.h"
#include "control/control_socket.h"

enum {
    TIMEOUT_MS = 30000,
    ROW_MAX = 8 << 20,
    REQUEST_MAX = 64 * 1024,
    READ_SIZE = 64 * 1024,
    NAME_ROOM = 16384,
};

#define SYSTEM_DIR "/run/onekey-agent"

struct asking { /* one request to one candidate */
    const struct control_request *request;
    control_row_fn *on_row;
    void *owner;
    struct control_end *end;
    int fd;
    int timeout_ms;
};

enum step { STEP_MORE, STEP_END, STEP_OTHER, STEP_FAILED };

/* ---- the conversation ---- */

static bool await(const struct asking *asking, short events, struct err *err)
{
    struct pollfd wait = {.fd = asking->fd, .events = events};
    int ready = poll(&wait, 1, asking->timeout_ms);

    if (ready > 0 || (ready < 0 && errno == EINTR))
        return true;
    if (ready < 0)
        return err_sys(err, errno, "wait for the agent");
    return err_set(err, ERR_BUSY, "the agent does not answer for %d s", asking->timeout_ms / 1000);
}

/* The path without links: the agent may have been started by another name of the same. */
static bool make_request(const struct control_request *request, struct buf *line, struct err *err)
{
    auto_free char *real_dir = realpath(request->state_dir, NULL);
    auto_free char *state_dir = printable_new(real_dir ? real_dir : request->state_dir);
    json_t *arguments = request->arguments ? json_incref(request->arguments) : json_object();
    auto_json json_t *object =
        json_pack("{s:i, s:s, s:o, s:s}", "v", 1, "command", request->command, "arguments",
                  arguments, "state_dir", state_dir);
    auto_free char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;
    struct err ignored;

    if (!text)
        return err_set(err, ERR_USAGE, "an argument is not UTF-8");
    return (buf_add_text(line, text, &ignored) && buf_add(line, "\n", 1, &ignored)) ||
           err_set(err, ERR_USAGE, "the arguments are over 64 KiB");
}

/* An agent that refuses early may not read it all; its answer says why. */
static bool send_request(const struct asking *asking, const struct buf *line, struct err *err)
{
    for (size_t sent = 0; sent < line->size;) {
        const struct iovec rest = {line->bytes + sent, line->size - sent};
        size_t files = sent == 0 ? asking->request->file_count : 0; /* they went with the first */
        ssize_t size = control_files_send(asking->fd, rest, asking->request->files, files);

        if (size >= 0)
            sent += (size_t)size;
        else if (errno == EPIPE || errno == ECONNRESET)
            return true;
        else if (errno != EAGAIN && errno != EINTR)
            return err_sys(err, errno, "ask the agent");
        else if (!await(asking, POLLOUT, err))
            return false;
    }
    return true;
}

static enum step take_end(const struct asking *asking, const json_t *end)
{
    const char *error = json_string_value(json_object_get(end, "error"));

    if (json_is_true(json_object_get(end, "other_state_dir")))
        return STEP_OTHER;
    asking->end->exit = (int)json_integer_value(json_object_get(end, "exit"));
    snprintf(asking->end->error, sizeof asking->end->error, "%s", error ? error : "");
    return STEP_END;
}

static enum step take_line(const struct asking *asking, const json_t *line, struct err *err)
{
    json_t *row = json_object_get(line, "row");
    const json_t *end = json_object_get(line, "end");

    if (json_is_object(row))
        return asking->on_row(asking->owner, row, err) ? STEP_MORE : STEP_FAILED;
    if (json_is_object(end) && json_is_integer(json_object_get(end, "exit")))
        return take_end(asking, end);
    err_set(err, ERR_PROTOCOL, "the agent's answer is not understood");
    return STEP_FAILED;
}

static enum step take_lines(const struct asking *asking, struct control_line *lines,
                            struct err *err)
{
    enum step step = STEP_MORE;

    while (step == STEP_MORE) {
        auto_json json_t *line = NULL;

        if (!control_line_take(lines, &line, err))
            return STEP_FAILED;
        if (!line)
            break;
        step = take_line(asking, line, err);
    }
    return step;
}

static bool receive(const struct asking *asking, struct control_line *lines, char *room,
                    struct err *err)
{
    if (!await(asking, POLLIN, err))
        return false;
    ssize_t size = recv(asking->fd, room, READ_SIZE, MSG_DONTWAIT);
    if (size > 0)
        return control_line_add(lines, room, (size_t)size, err);
    if (size < 0 && (errno == EAGAIN || errno == EINTR))
        return true;
    asking->end->broke = true;
    return err_set(err, ERR_IO, "the agent went away in the middle of its answer");
}

static enum step converse(const struct asking *asking, struct err *err)
{
    auto_control_line struct control_line lines;
    auto_buf struct buf request = {.max = REQUEST_MAX};
    auto_free char *room = xcalloc(1, READ_SIZE);
    enum step step = STEP_MORE;

    control_line_init(&lines, ROW_MAX);
    if (!make_request(asking->request, &request, err) || !send_request(asking, &request, err))
        return STEP_FAILED;
    while (step == STEP_MORE) {
        if (!receive(asking, &lines, room, err))
            return STEP_FAILED;
        step = take_lines(asking, &lines, err);
    }
    return step;
}

/* ---- where an agent may be ---- */

static void name_group(gid_t gid, char *name, size_t size)
{
    auto_free char *room = xcalloc(1, NAME_ROOM);
    struct group entry;
    struct group *found = NULL;

    if (getgrgid_r(gid, &entry, room, NAME_ROOM, &found) == 0 && found)
        snprintf(name, size, "%s", entry.gr_name);
    else
        snprintf(name, size, "%ju", (uintmax_t)gid);
}

static void name_user(uid_t uid, char *name, size_t size)
{
    auto_free char *room = xcalloc(1, NAME_ROOM);
    struct passwd entry;
    struct passwd *found = NULL;

    if (getpwuid_r(uid, &entry, room, NAME_ROOM, &found) == 0 && found)
        snprintf(name, size, "%s", entry.pw_name);
    else
        snprintf(name, size, "%ju", (uintmax_t)uid);
}

/* Who may: as the socket says, or where that cannot be seen, its directory. */
static void say_denied(const char *dir, int dir_fd, struct err *err)
{
    struct stat facts;
    char user[64];
    char group[64];

    if (fstatat(dir_fd, CONTROL_SOCKET_NAME, &facts, AT_SYMLINK_NOFOLLOW) != 0 &&
        fstat(dir_fd, &facts) != 0) {
        err_set(err, ERR_IO, "connect to %s/" CONTROL_SOCKET_NAME ": permission denied", dir);
        return;
    }
    name_user(facts.st_uid, user, sizeof user);
    name_group(facts.st_gid, group, sizeof group);
    err_set(err, ERR_IO,
            "connect to %s/" CONTROL_SOCKET_NAME ": permission denied: it is for user %s and group "
            "%s; run this as one of them",
            dir, user, group);
}

/* Connects; *fd stays -1 where no agent is. *denied tells of one that is out of reach. */
static bool try_connect(const char *dir, int timeout_ms, int *fd, bool *denied, struct err *err)
{
    auto_fd int dir_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int number = dir_fd < 0 ? errno : control_socket_connect(dir_fd, 0, timeout_ms, fd);

    if (number == 0)
        return true;
    if (number == EAGAIN)
        return err_set(err, ERR_BUSY, "the agent at %s does not take calls", dir);
    *denied = number == EACCES || number == EPERM;
    if (*denied)
        say_denied(dir, dir_fd, err);
    return true;
}

static enum step ask_at(const char *dir, struct asking *asking, bool *denied, struct err *err)
{
    auto_fd int fd = -1;

    if (!dir || dir[0] != '/')
        return STEP_OTHER;
    if (!try_connect(dir, asking->timeout_ms, &fd, denied, err))
        return STEP_FAILED;
    if (fd < 0)
        return STEP_OTHER;
    asking->fd = fd;
    return converse(asking, err);
}

/* Out of reach matters only where the state is too: else it is somebody else's agent. */
static bool is_out_of_reach(const char *state_dir)
{
    return faccessat(AT_FDCWD, state_dir, R_OK | W_OK | X_OK, AT_EACCESS) != 0 && errno == EACCES;
}

/* systemd gives several, colon by colon, where a unit has several; ours is the first. */
static char *runtime_dir_new(void)
{
    const char *dirs = getenv("RUNTIME_DIRECTORY");

    return dirs ? xstrndup(dirs, strcspn(dirs, ":")) : NULL;
}

/* Asks one after the other; STEP_OTHER when none is meant. *denied: the first out of reach. */
static enum step ask_all(struct asking *asking, struct err *denied, struct err *err)
{
    auto_free char *runtime_dir = runtime_dir_new();
    const char *const dirs[] = {runtime_dir, asking->request->state_dir, SYSTEM_DIR};
    enum step step = STEP_OTHER;

    for (size_t i = 0; step == STEP_OTHER && i < sizeof dirs / sizeof dirs[0]; i++) {
        bool is_denied = false;

        step = ask_at(dirs[i], asking, &is_denied, err);
        if (is_denied && denied->kind == ERR_OK)
            *denied = *err;
    }
    return step;
}

enum control_outcome control_client_ask(const struct control_request *request,
                                        control_row_fn *on_row, void *owner,
                                        struct control_end *end, struct err *err)
{
    struct asking asking = {request, on_row, owner, end, -1, TIMEOUT_MS};
    struct err denied = {.kind = ERR_OK};

    assert(request->command && request->state_dir && on_row);
    if (request->timeout_ms > 0)
        asking.timeout_ms = (int)request->timeout_ms;
    enum step step = ask_all(&asking, &denied, err);
    if (step == STEP_END)
        return CONTROL_ANSWERED;
    if (step == STEP_OTHER && (denied.kind == ERR_OK || !is_out_of_reach(request->state_dir)))
        return CONTROL_NO_DAEMON;
    if (step == STEP_OTHER)
        *err = denied;
    return CONTROL_FAILED;
}
