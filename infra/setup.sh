#!/usr/bin/env bash
# Installs on Elasticsearch what EdgeMesh's logs need, and on Kibana what people look at. May run again.
# usage: ELASTIC_PASSWORD=… [KIBANA_PASSWORD=…] [LOGSTASH_PASSWORD=…] setup.sh ELASTICSEARCH_URL [KIBANA_URL]
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd); elastic=$1; kibana=${2:-}
auth=(-u "elastic:${ELASTIC_PASSWORD:?}")

put() { # path, file
  echo "PUT $1"
  curl -fsS "${auth[@]}" -X PUT -H 'Content-Type: application/json' "$elastic/$1" --data-binary "@$here/$2" >/dev/null
}

put _ilm/policy/edgemesh-logs elasticsearch/ilm/edgemesh-logs.json
put _component_template/edgemesh-logs-mappings elasticsearch/component-templates/edgemesh-logs-mappings.json
put _component_template/edgemesh-logs-settings elasticsearch/component-templates/edgemesh-logs-settings.json
put _index_template/edgemesh-logs elasticsearch/index-templates/edgemesh-logs.json
for role in edgemesh-shipper edgemesh-setup edgemesh-reader; do put "_security/role/$role" "elasticsearch/roles/$role.json"; done

# Logstash adds records, as a site does, and may no more.
if [ -n "${LOGSTASH_PASSWORD:-}" ]; then
  printf '{"password":"%s","roles":["edgemesh-shipper"]}' "$LOGSTASH_PASSWORD" |
    curl -fsS "${auth[@]}" -X PUT -H 'Content-Type: application/json' "$elastic/_security/user/edgemesh-logstash" --data-binary @- >/dev/null
fi

if [ -n "${KIBANA_PASSWORD:-}" ]; then
  printf '{"password":"%s"}' "$KIBANA_PASSWORD" |
    curl -fsS "${auth[@]}" -X POST -H 'Content-Type: application/json' "$elastic/_security/user/kibana_system/_password" --data-binary @- >/dev/null
fi

if [ -n "$kibana" ]; then
  for _ in $(seq 120); do curl -fsS "${auth[@]}" "$kibana/api/status" >/dev/null 2>&1 && break; sleep 2; done
  echo "POST /api/saved_objects/_import"
  curl -fsS "${auth[@]}" -X POST -H 'kbn-xsrf: edgemesh' "$kibana/api/saved_objects/_import?overwrite=true" --form "file=@$here/kibana/edgemesh.ndjson"
fi
