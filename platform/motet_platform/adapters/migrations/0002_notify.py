"""A change of what a name leads to reaches every gateway with the transaction that makes it.

The payload is the account's id; 0 means every account, because a base model changed.
"""

from django.db import migrations

FORWARD = """
CREATE FUNCTION adapters_notify() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    changed record := coalesce(NEW, OLD);
    owner bigint;
BEGIN
    CASE TG_TABLE_NAME
        WHEN 'adapters_adapter' THEN
            owner := changed.account_id;
        WHEN 'adapters_aliastarget' THEN
            SELECT a.account_id INTO owner FROM adapters_adapter a
                JOIN adapters_alias l ON l.adapter_id = a.id WHERE l.id = changed.alias_id;
        ELSE
            SELECT a.account_id INTO owner FROM adapters_adapter a WHERE a.id = changed.adapter_id;
    END CASE;
    IF owner IS NOT NULL THEN
        PERFORM pg_notify('motet_routes', owner::text);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER adapters_adapter_notify AFTER INSERT OR UPDATE OR DELETE ON adapters_adapter
    FOR EACH ROW EXECUTE FUNCTION adapters_notify();
CREATE TRIGGER adapters_version_notify AFTER UPDATE OF state OR DELETE ON adapters_version
    FOR EACH ROW EXECUTE FUNCTION adapters_notify();
CREATE TRIGGER adapters_alias_notify AFTER INSERT OR UPDATE OR DELETE ON adapters_alias
    FOR EACH ROW EXECUTE FUNCTION adapters_notify();
CREATE TRIGGER adapters_aliastarget_notify AFTER INSERT OR UPDATE OR DELETE ON adapters_aliastarget
    FOR EACH ROW EXECUTE FUNCTION adapters_notify();

CREATE FUNCTION adapters_notify_base() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('motet_routes', '0');
    RETURN NULL;
END $$;
CREATE TRIGGER adapters_base_notify AFTER INSERT OR UPDATE OR DELETE ON catalog_basemodel
    FOR EACH STATEMENT EXECUTE FUNCTION adapters_notify_base();
"""
BACKWARD = """
DROP TRIGGER adapters_base_notify ON catalog_basemodel;
DROP TRIGGER adapters_aliastarget_notify ON adapters_aliastarget;
DROP TRIGGER adapters_alias_notify ON adapters_alias;
DROP TRIGGER adapters_version_notify ON adapters_version;
DROP TRIGGER adapters_adapter_notify ON adapters_adapter;
DROP FUNCTION adapters_notify_base();
DROP FUNCTION adapters_notify();
"""


class Migration(migrations.Migration):
    dependencies = [("adapters", "0001_initial"), ("catalog", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
