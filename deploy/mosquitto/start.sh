#!/bin/sh
# Starts Mosquitto with dynamic security; on the first start it makes the administrator whom the bridge uses.
set -eu
data=${MOSQUITTO_DATA:-/var/lib/mosquitto}
port=${MOSQUITTO_PORT:-1883}
security="$data/dynamic-security.json"
plugin=$(find /usr/lib -name mosquitto_dynamic_security.so | head -n 1)
mkdir -p "$data"
if [ ! -f "$security" ]; then
  mosquitto_ctrl dynsec init "$security" "${MOSQUITTO_ADMIN_USER:?}" "${MOSQUITTO_ADMIN_PASSWORD:?}"
fi
# The limits that Mosquitto has by default lose messages: 20 in flight, 1000 queued.
cat > "$data/mosquitto.conf" <<CONF
listener $port
allow_anonymous false
plugin $plugin
plugin_opt_config_file $security
max_inflight_messages 0
max_queued_messages 0
max_queued_bytes 0
persistence true
persistence_location $data/
autosave_interval 10
set_tcp_nodelay true
log_dest stderr
user $(id -un)
CONF
exec mosquitto -c "$data/mosquitto.conf"
