/* rig.h - one struct http on a loop of its own, and what its requests reported. */
#ifndef TESTS_NET_RIG_H
#define TESTS_NET_RIG_H

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "net/http.h"
#include "peer.h"

#define TOKEN "7c2f4f3e-0000-4000-8000-000000000001/s3cret-Value"

struct outcome {
    unsigned done;
    long status;
    enum err_kind kind;
    char message[512];
    char body[4096];
    int64_t retry_after_ms, sent, received;
    char sha256[DIGEST_HEX_SIZE];
};

struct rig {
    uv_loop_t loop;
    uv_timer_t guard;
    struct http *http;
    struct secret *token;
    struct peer peer;
    char base[64]; /* http://127.0.0.1:port/api */
    char url[128];
    unsigned closed;
};

static void rig_too_long(uv_timer_t *timer)
{
    (void)timer;
    fail_msg("the requests did not end");
}

static const struct http_options rig_options = {
    .allow_http = true,
    .verify_tls = true,
    .proxy = "",
    .connect_timeout_ms = 5000,
    .stall_timeout_ms = 10000,
    .answer_timeout_ms = 10000,
};

static inline void rig_start_with(struct rig *rig, peer_play_fn *play, const void *owner,
                                  struct http_options options)
{
    struct err err;

    *rig = (struct rig){0};
    peer_start(&rig->peer, play, owner);
    snprintf(rig->base, sizeof rig->base, "http://127.0.0.1:%d/api", rig->peer.port);
    if (!options.api_url)
        options.api_url = rig->base;
    uv_loop_init(&rig->loop);
    uv_timer_init(&rig->loop, &rig->guard);
    uv_timer_start(&rig->guard, rig_too_long, 30000, 0);
    uv_unref((uv_handle_t *)&rig->guard);
    rig->http = http_new(&rig->loop, &options, &err);
    if (!rig->http)
        fail_msg("%s", err.message);
    rig->token = secret_new(TOKEN, strlen(TOKEN), &err);
    http_set_token(rig->http, rig->token);
}

static inline void rig_start(struct rig *rig, peer_play_fn *play)
{
    rig_start_with(rig, play, NULL, rig_options);
}

static void rig_closed(void *owner)
{
    struct rig *rig = owner;

    rig->closed++;
}

/* Everything was reported and nothing is left open. */
static inline void rig_stop(struct rig *rig)
{
    http_free(rig->http, rig_closed, rig);
    uv_close((uv_handle_t *)&rig->guard, NULL);
    uv_run(&rig->loop, UV_RUN_DEFAULT);
    assert_int_equal(rig->closed, 1);
    assert_int_equal(uv_loop_close(&rig->loop), 0);
    peer_stop(&rig->peer);
    secret_free(rig->token);
}

static inline const char *rig_url(struct rig *rig, const char *path)
{
    snprintf(rig->url, sizeof rig->url, "%s%s", rig->base, path);
    return rig->url;
}

static void rig_done(void *owner, const struct http_reply *reply, const struct err *err)
{
    struct outcome *outcome = owner;

    outcome->done++;
    outcome->status = reply->status;
    outcome->kind = err ? err->kind : ERR_OK;
    snprintf(outcome->message, sizeof outcome->message, "%s", err ? err->message : "");
    snprintf(outcome->body, sizeof outcome->body, "%s", reply->body);
    outcome->retry_after_ms = reply->retry_after_ms;
    outcome->sent = reply->sent;
    outcome->received = reply->received;
    const char *sha256 = reply->sha256 ? reply->sha256 : "";
    snprintf(outcome->sha256, sizeof outcome->sha256, "%s",
             reply->part_sha256 ? reply->part_sha256[0] : sha256);
}

/* Runs until everything was reported. */
static inline void rig_run(struct rig *rig, const struct outcome *outcome)
{
    assert_int_equal(outcome->done, 0); /* never from inside the starting call */
    uv_run(&rig->loop, UV_RUN_DEFAULT);
    assert_int_equal(outcome->done, 1);
}

/* The outcome, with the message when it is another one. */
static inline void rig_want(const struct outcome *outcome, enum err_kind kind, const char *words)
{
    if (outcome->kind != kind || !strstr(outcome->message, words))
        fail_msg("%s \"%s\" (HTTP %ld), want %s \"%s\"", err_kind_name(outcome->kind),
                 outcome->message, outcome->status, err_kind_name(kind), words);
    assert_null(strstr(outcome->message, "s3cret"));
}

/* A file without a name, of a pattern that differs at every offset. */
static inline int rig_file(int64_t size)
{
    int fd = memfd_create("image", MFD_CLOEXEC);
    enum { BLOCK = 1 << 20 };
    uint32_t *block = malloc(BLOCK);

    for (int64_t at = 0; at < size; at += BLOCK) {
        size_t count = size - at < BLOCK ? (size_t)(size - at) : BLOCK;

        for (size_t i = 0; i < BLOCK / 4; i++)
            block[i] = (uint32_t)((uint64_t)at / 4 + i) * 2654435761U;
        assert_int_equal(write(fd, block, count), (ssize_t)count);
    }
    free(block);
    return fd;
}

/* What a caller that has looked at the file would say of it. */
static inline struct http_part rig_part(int fd)
{
    struct stat now;

    fstat(fd, &now);
    return (struct http_part){
        .name = "firmware",
        .file_name = "image.bin",
        .fd = fd,
        .size = now.st_size,
        .mtime_ns = (int64_t)now.st_mtim.tv_sec * 1000000000 + now.st_mtim.tv_nsec,
        .inode = now.st_ino,
    };
}

static inline void rig_digest(int fd, char hex[DIGEST_HEX_SIZE])
{
    struct digest *digest = digest_new();
    char *block = malloc(1 << 20);
    ssize_t got;

    for (off_t at = 0; (got = pread(fd, block, 1 << 20, at)) > 0; at += got)
        digest_add(digest, block, (size_t)got);
    digest_hex(digest, hex);
    digest_free(digest);
    free(block);
}

#endif
