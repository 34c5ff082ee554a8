#pragma once
#include <libpq-fe.h>
// Swift's Glibc module leaves these two out.
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <pthread.h>
extern int pthread_setname_np(pthread_t thread, const char *name);
enum { pg_poll_hang_up = 0x2000 }; // POLLRDHUP

// Field codes are character literals, which Swift does not import as one type: a typed door for each.
static inline const char *pg_severity(const PGresult *r) { return PQresultErrorField(r, PG_DIAG_SEVERITY_NONLOCALIZED); }
static inline const char *pg_sqlstate(const PGresult *r) { return PQresultErrorField(r, PG_DIAG_SQLSTATE); }
static inline const char *pg_message(const PGresult *r) { return PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY); }
static inline const char *pg_detail(const PGresult *r) { return PQresultErrorField(r, PG_DIAG_MESSAGE_DETAIL); }
static inline const char *pg_hint(const PGresult *r) { return PQresultErrorField(r, PG_DIAG_MESSAGE_HINT); }
static inline const char *pg_context(const PGresult *r) { return PQresultErrorField(r, PG_DIAG_CONTEXT); }
static inline const char *pg_schema(const PGresult *r) { return PQresultErrorField(r, PG_DIAG_SCHEMA_NAME); }
static inline const char *pg_table(const PGresult *r) { return PQresultErrorField(r, PG_DIAG_TABLE_NAME); }
static inline const char *pg_column(const PGresult *r) { return PQresultErrorField(r, PG_DIAG_COLUMN_NAME); }
static inline const char *pg_constraint(const PGresult *r) { return PQresultErrorField(r, PG_DIAG_CONSTRAINT_NAME); }
static inline const char *pg_source_function(const PGresult *r) { return PQresultErrorField(r, PG_DIAG_SOURCE_FUNCTION); }
