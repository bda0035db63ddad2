# In place of valkey/valkey:8-trixie where no registry of images is reached: the same Valkey from Debian's packages, started as its own user.
ARG BASE
FROM ${BASE}
COPY valkey.sh /usr/local/bin/entry-point.sh
WORKDIR /data
VOLUME /data
EXPOSE 6379
ENTRYPOINT ["sh", "/usr/local/bin/entry-point.sh"]
CMD ["valkey-server"]
