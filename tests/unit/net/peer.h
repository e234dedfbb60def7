/*
 * peer.h - a scripted HTTP peer on loopback.
 *
 * Each connection runs the test's play function in a thread of its own: plain blocking code that
 * reads what it wants and answers, stalls, closes or resets as it likes. What was seen is counted,
 * for the test to look at after peer_stop().
 */
#ifndef TESTS_NET_PEER_H
#define TESTS_NET_PEER_H

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/digest.h"

enum { PEER_CONNECTIONS = 64, PEER_LOG = 64 << 10, PEER_READ = 256 << 10 };

struct peer;
struct visit;
typedef void peer_play_fn(struct visit *visit);

struct peer {
    int listener;
    int port;
    peer_play_fn *play;
    const void *owner;
    pthread_t accepter;
    pthread_mutex_t lock;
    bool is_stopping;
    /* What was seen. */
    unsigned connections;
    unsigned requests; /* heads */
    unsigned complete; /* requests whose body came to its end */
    int64_t body_bytes;
    char heads[PEER_LOG];
    size_t heads_size;
    /* Of the last complete body. */
    char body[8192];
    int64_t length;
    char sha256[DIGEST_HEX_SIZE];
};

struct visit {
    struct peer *peer;
    pthread_t thread;
    int fd;
    unsigned nth; /* connection, from 0 */
    char head[16384];
    char *rest; /* of the body, read together with the head */
    size_t rest_size;
    int64_t length;  /* Content-Length */
    char body[8192]; /* its beginning */
    size_t body_size;
    char sha256[DIGEST_HEX_SIZE];
};

static inline bool peer_is_head_over(struct visit *visit, size_t size)
{
    visit->head[size] = '\0';
    char *end = strstr(visit->head, "\r\n\r\n");

    if (!end)
        return false;
    visit->rest = end + 4;
    visit->rest_size = size - (size_t)(visit->rest - visit->head);
    const char *length = strcasestr(visit->head, "\r\nContent-Length:");
    visit->length = length && length < end ? strtoll(length + 17, NULL, 10) : 0;
    return true;
}

static inline void peer_log_head(struct visit *visit)
{
    struct peer *peer = visit->peer;
    size_t size = (size_t)(visit->rest - visit->head);

    pthread_mutex_lock(&peer->lock);
    peer->requests++;
    if (peer->heads_size + size < PEER_LOG) {
        memcpy(peer->heads + peer->heads_size, visit->head, size);
        peer->heads_size += size;
    }
    pthread_mutex_unlock(&peer->lock);
}

/* False when the connection ended before one came. */
static inline bool peer_read_head(struct visit *visit)
{
    size_t size = 0;
    ssize_t got;

    while (size < sizeof visit->head - 1 &&
           (got = recv(visit->fd, visit->head + size, sizeof visit->head - 1 - size, 0)) > 0) {
        size += (size_t)got;
        if (peer_is_head_over(visit, size)) {
            peer_log_head(visit);
            return true;
        }
    }
    return false;
}

static inline void peer_take(struct visit *visit, struct digest *digest, const char *bytes,
                             size_t size)
{
    size_t room = sizeof visit->body - 1 - visit->body_size;
    size_t kept = size < room ? size : room;

    memcpy(visit->body + visit->body_size, bytes, kept);
    visit->body_size += kept;
    visit->body[visit->body_size] = '\0';
    if (digest)
        digest_add(digest, bytes, size);
    pthread_mutex_lock(&visit->peer->lock);
    visit->peer->body_bytes += (int64_t)size;
    pthread_mutex_unlock(&visit->peer->lock);
}

/* Reads `size` body bytes, fewer when the connection ends; returns how many. */
static inline int64_t peer_read(struct visit *visit, int64_t size, struct digest *digest)
{
    char *room = malloc(PEER_READ);
    int64_t seen = (int64_t)visit->rest_size < size ? (int64_t)visit->rest_size : size;

    peer_take(visit, digest, visit->rest, (size_t)seen);
    visit->rest += seen;
    visit->rest_size -= (size_t)seen;
    while (seen < size) {
        int64_t left = size - seen;
        ssize_t got = recv(visit->fd, room, left < PEER_READ ? (size_t)left : PEER_READ, 0);

        if (got <= 0)
            break;
        peer_take(visit, digest, room, (size_t)got);
        seen += got;
    }
    free(room);
    return seen;
}

static inline bool peer_read_body(struct visit *visit)
{
    struct digest *digest = digest_new();
    bool is_whole = peer_read(visit, visit->length, digest) == visit->length;

    digest_hex(digest, visit->sha256);
    digest_free(digest);
    pthread_mutex_lock(&visit->peer->lock);
    visit->peer->complete += is_whole;
    if (is_whole) {
        memcpy(visit->peer->body, visit->body, sizeof visit->body);
        memcpy(visit->peer->sha256, visit->sha256, sizeof visit->sha256);
        visit->peer->length = visit->length;
    }
    pthread_mutex_unlock(&visit->peer->lock);
    return is_whole;
}

/* Counts a complete body, without a digest: for measurements. */
static inline bool peer_skip_body(struct visit *visit)
{
    bool is_whole = peer_read(visit, visit->length, NULL) == visit->length;

    pthread_mutex_lock(&visit->peer->lock);
    visit->peer->complete += is_whole;
    pthread_mutex_unlock(&visit->peer->lock);
    return is_whole;
}

static inline bool peer_expects(const struct visit *visit)
{
    return strcasestr(visit->head, "Expect: 100-continue") != NULL;
}

static inline void peer_say_bytes(struct visit *visit, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t put = send(visit->fd, bytes, size, MSG_NOSIGNAL);

        if (put <= 0)
            return;
        bytes += put;
        size -= (size_t)put;
    }
}

static inline void peer_say(struct visit *visit, const char *text)
{
    peer_say_bytes(visit, text, strlen(text));
}

/* A whole answer; type may be NULL. */
static inline void peer_answer(struct visit *visit, const char *status, const char *type,
                               const char *body)
{
    char text[PEER_LOG];

    snprintf(text, sizeof text, "HTTP/1.1 %s\r\n%s%s%sContent-Length: %zu\r\n\r\n%s", status,
             type ? "Content-Type: " : "", type ? type : "", type ? "\r\n" : "", strlen(body),
             body);
    peer_say(visit, text);
}

/* Reads and drops until the other side is gone: a stall without a sleep. */
static inline void peer_wait_hangup(struct visit *visit)
{
    char dropped[4096];

    while (recv(visit->fd, dropped, sizeof dropped, 0) > 0)
        continue;
}

/*
 * As before, but takes nothing: the sender's buffers fill up. Its hang-up would wait behind what it
 * sent, so this ends with peer_stop().
 */
static inline void peer_sit_still(struct visit *visit)
{
    bool is_stopping = false;

    while (!is_stopping) {
        poll(NULL, 0, 10);
        pthread_mutex_lock(&visit->peer->lock);
        is_stopping = visit->peer->is_stopping;
        pthread_mutex_unlock(&visit->peer->lock);
    }
}

static inline void peer_reset(struct visit *visit)
{
    const struct linger now = {.l_onoff = 1, .l_linger = 0};

    setsockopt(visit->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(visit->fd);
    visit->fd = -1;
}

static void *peer_visit(void *userdata)
{
    struct visit *visit = userdata;

    visit->peer->play(visit);
    if (visit->fd >= 0)
        close(visit->fd);
    return NULL;
}

static void *peer_accept(void *userdata)
{
    struct peer *peer = userdata;
    struct visit *visits[PEER_CONNECTIONS];
    unsigned count = 0;
    int fd;

    while (count < PEER_CONNECTIONS && (fd = accept(peer->listener, NULL, NULL)) >= 0) {
        struct visit *visit = calloc(1, sizeof *visit);

        visit->peer = peer;
        visit->fd = fd;
        visit->nth = count;
        pthread_mutex_lock(&peer->lock);
        peer->connections++;
        pthread_mutex_unlock(&peer->lock);
        pthread_create(&visit->thread, NULL, peer_visit, visit);
        visits[count++] = visit;
    }
    for (unsigned i = 0; i < count; i++) {
        pthread_join(visits[i]->thread, NULL);
        free(visits[i]);
    }
    return NULL;
}

static inline void peer_start(struct peer *peer, peer_play_fn *play, const void *owner)
{
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof here;

    *peer = (struct peer){.play = play, .owner = owner};
    pthread_mutex_init(&peer->lock, NULL);
    peer->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(peer->listener, (struct sockaddr *)&here, size), 0);
    assert_int_equal(listen(peer->listener, PEER_CONNECTIONS), 0);
    assert_int_equal(getsockname(peer->listener, (struct sockaddr *)&here, &size), 0);
    peer->port = ntohs(here.sin_port);
    pthread_create(&peer->accepter, NULL, peer_accept, peer);
}

/* All connections must be ending by themselves. */
static inline void peer_stop(struct peer *peer)
{
    pthread_mutex_lock(&peer->lock);
    peer->is_stopping = true;
    pthread_mutex_unlock(&peer->lock);
    shutdown(peer->listener, SHUT_RDWR);
    pthread_join(peer->accepter, NULL);
    close(peer->listener);
    pthread_mutex_destroy(&peer->lock);
}

static inline unsigned peer_connections(struct peer *peer)
{
    pthread_mutex_lock(&peer->lock);
    unsigned connections = peer->connections;
    pthread_mutex_unlock(&peer->lock);
    return connections;
}

static inline int64_t peer_body_bytes(struct peer *peer)
{
    pthread_mutex_lock(&peer->lock);
    int64_t bytes = peer->body_bytes;
    pthread_mutex_unlock(&peer->lock);
    return bytes;
}

#endif
