# In place of postgres:17-trixie where no registry of images is reached: the same PostgreSQL from Debian's packages, and as much of the
# official entry point as compose.yaml uses.
ARG BASE
FROM ${BASE}
COPY postgres.sh /usr/local/bin/entry-point.sh
ENV PATH=/usr/lib/postgresql/17/bin:/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin \
    PGDATA=/var/lib/postgresql/data
VOLUME /var/lib/postgresql/data
STOPSIGNAL SIGINT
EXPOSE 5432
ENTRYPOINT ["sh", "/usr/local/bin/entry-point.sh"]
CMD ["postgres"]
