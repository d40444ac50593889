#!/bin/bash
# Start OpenStack Swift with its s3api, one node, in a folder: bash benchmarks/swift.sh FOLDER [PORT]
# The environment that reaches it is printed; it runs until it is stopped.
# Debian: apt-get install --no-install-recommends swift-proxy swift-account swift-container swift-object
set -eu
folder=$(realpath -m "$1"); port=${2:-9180}
mkdir -p "$folder/devices/disk" "$folder/cache" && cd "$folder"
cat > swift.conf <<CONF
[swift-hash]
swift_hash_path_prefix = curate
swift_hash_path_suffix = curate
[storage-policy:0]
name = one
default = yes
CONF
offset=1
for kind in account container object; do
    here=$((port + offset)); offset=$((offset + 1))
    swift-ring-builder $kind.builder create 2 1 0 > /dev/null
    swift-ring-builder $kind.builder add r1z1-127.0.0.1:$here/disk 1 > /dev/null
    swift-ring-builder $kind.builder rebalance > /dev/null
    cat > $kind-server.conf <<CONF
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = $here
swift_dir = $folder
devices = $folder/devices
mount_check = false
user = $(id -un)
workers = 1
log_facility = LOG_LOCAL0
[pipeline:main]
pipeline = $kind-server
[app:$kind-server]
use = egg:swift#$kind
CONF
done
cat > proxy-server.conf <<CONF
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = $port
swift_dir = $folder
user = $(id -un)
workers = 1
[pipeline:main]
pipeline = catch_errors proxy-logging cache s3api tempauth copy slo dlo proxy-logging proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
allow_account_management = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:proxy-logging]
use = egg:swift#proxy_logging
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:11211
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
[filter:tempauth]
use = egg:swift#tempauth
user_crawls_reader = hidden-word .admin
[filter:copy]
use = egg:swift#copy
[filter:slo]
use = egg:swift#slo
[filter:dlo]
use = egg:swift#dlo
CONF
trap 'kill $(jobs -p)' EXIT
for kind in account container object proxy; do
    swift-$kind-server $kind-server.conf > $kind.log 2>&1 &
done
echo "AWS_ENDPOINT_URL=http://127.0.0.1:$port AWS_REGION=us-east-1 AWS_ACCESS_KEY_ID=crawls:reader AWS_SECRET_ACCESS_KEY=hidden-word"
wait
