/* What the launch thread has started and watches. Only that thread calls any of this. */
#ifndef ISOL8_SESSIONS_H
#define ISOL8_SESSIONS_H

#include "addon.h"

struct session;

/* Has sessions watch their descriptors by this epoll(7) instance. */
void sessions_watch_by(int epoll);
/* A session of a request, with nothing to watch yet; it is over once all that it watches has ended. */
struct session *session_begin(const struct request *request);
/* Our end of the status channel, or what LAUNCH_POLL is to wait for; owned by the session, as is the pidfd. */
void session_watch_status(struct session *session, int fd);
void session_watch_launcher(struct session *session, int pid, int pidfd);
/* Returns whether there is somebody who can still be told. */
int session_tell(struct session *session, int kind, int first, int second);
/* An event with this `data.ptr` came for one of the descriptors. */
void session_event(void *data);

/* Kills what a request of this number has started. */
void sessions_cancel(const struct owner *owner, uint32_t id);
/* Kills what nobody is left to wait for. */
void sessions_kill_orphans(void);
/* Reaps the children that have ended, and ends the sessions that are over. Returns whether there are more children. */
int sessions_reap(void);
/* How often to look for ended children before the next event. */
int sessions_looks_left(int looks, long events, int children);

#endif
