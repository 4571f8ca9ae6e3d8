"""Who works in which namespace: at most one, and never without a pause between two."""

from datetime import UTC, datetime, timedelta

from modelservice_operator.cluster.store import Key, Store
from modelservice_operator.cluster.tenancy import HANDOVER, Tenancy
from modelservice_operator.manifest import Manifest
from modelservice_operator.plan import names
from modelservice_operator.records.claim import LONGEST, Claim
from unit.cluster.objects import model_service

START = datetime(2026, 11, 22, 12, tzinfo=UTC)
TENANT = "team-a/modelservice"


class Stage:
    """An operator for all namespaces and one for `ml`, which see the same Leases."""

    def __init__(self) -> None:
        self.seconds = 1000.0
        self.everywhere = Tenancy("", (), clock=lambda: self.seconds, now=self.now)
        self.tenant = Tenancy(TENANT, ["ml"], clock=lambda: self.seconds, now=self.now)
        self.woken: list[Key] = []
        self.stores = [self._store(self.everywhere), self._store(self.tenant)]
        self.version = 10

    def _store(self, tenancy: Tenancy) -> Store:
        return Store(self.woken.append, on_claim=lambda claim, gone: tenancy.take(claim, gone=gone))

    def now(self) -> datetime:
        return START + timedelta(seconds=self.seconds)

    def lease(
        self, holder: str | None = TENANT, *, age: float = 0, name: str = names.NAMESPACE_LEASE, gone: bool = False
    ) -> None:
        self.version += 1
        created = (self.now() - timedelta(seconds=age)).strftime("%Y-%m-%dT%H:%M:%SZ")
        metadata = {"namespace": "ml", "name": name, "uid": name, "resourceVersion": str(self.version)}
        manifest: Manifest = {
            "kind": "Lease",
            "metadata": metadata | {"creationTimestamp": created},
            "spec": {"holderIdentity": holder} if holder else {},
        }
        for store in self.stores:
            if gone:
                store.remove(manifest)
            else:
                store.upsert(manifest)

    def waits(self) -> tuple[float | None, float | None]:
        return self.everywhere.wait("ml"), self.tenant.wait("ml")


def test_without_a_lease_the_tenant_does_nothing_and_says_so() -> None:
    stage = Stage()
    assert stage.waits() == (0, None)
    assert stage.everywhere.complaints() == []
    (complaint,) = stage.tenant.complaints()
    assert complaint == (
        "nothing is done in namespace ml: its Lease modelservice-operator-namespace is not there or names nobody, "
        'and not "team-a/modelservice"'
    )
    assert stage.tenant.named() == [("ml", TENANT, False)]


def test_a_namespace_changes_hands_both_ways_with_a_pause() -> None:
    stage = Stage()
    stage.lease()
    assert stage.waits() == (None, HANDOVER)
    stage.seconds += HANDOVER - 1
    assert stage.waits() == (None, 1)
    stage.seconds += 1
    assert stage.waits() == (None, 0)
    assert stage.everywhere.named() == [("ml", TENANT, False)]
    assert stage.tenant.named() == [("ml", TENANT, True)]
    stage.lease(gone=True)
    assert stage.waits() == (HANDOVER, None)
    stage.seconds += HANDOVER
    assert stage.waits() == (0, None)
    assert stage.everywhere.named() == []


def test_who_starts_later_does_not_wait_for_what_has_long_been_so() -> None:
    stage = Stage()
    stage.lease(age=HANDOVER - 3)
    assert stage.waits() == (None, 3)
    stage = Stage()
    stage.lease(age=3600)
    assert stage.waits() == (None, 0)


def test_a_lease_that_named_nobody_when_we_started_makes_nobody_begin_at_once() -> None:
    stage = Stage()
    stage.lease(None, age=3600)
    for tenancy in (stage.everywhere, stage.tenant):
        tenancy.watching()
    stage.lease(age=3600)
    assert stage.waits() == (None, HANDOVER)


def test_namespaces_that_come_and_go_leave_nothing_behind() -> None:
    seconds = 1000.0
    tenancy = Tenancy("", (), clock=lambda: seconds, now=lambda: START)
    tenancy.watching()
    claims = [Claim(f"ml-{number}", names.NAMESPACE_LEASE, "uid", 1, TENANT, "") for number in range(100)]
    for gone in (False, True):
        for claim in claims:
            tenancy.take(claim, gone=gone)
    assert {tenancy.wait(claim.namespace) for claim in claims} == {HANDOVER}
    seconds += HANDOVER
    tenancy.take(claims[0], gone=False)
    assert list(tenancy._tenures) == ["ml-0"]
    assert {tenancy.wait(claim.namespace) for claim in claims} == {None, 0}


def test_a_clock_that_is_wrong_makes_the_wait_no_longer() -> None:
    stage = Stage()
    stage.lease(age=-3600)
    assert stage.waits() == (None, HANDOVER)


def test_from_one_tenant_to_the_other() -> None:
    stage = Stage()
    stage.lease("team-b/modelservice", age=3600)
    assert stage.waits() == (None, None)
    assert 'names "team-b/modelservice", and not "team-a/modelservice"' in stage.tenant.complaints()[0]
    stage.lease(TENANT, age=3600)
    assert stage.waits() == (None, HANDOVER)


def test_who_names_nobody_leaves_the_namespace_free() -> None:
    stage = Stage()
    stage.lease(None)
    assert stage.waits() == (0, None)


def test_a_lease_of_another_name_means_nothing() -> None:
    stage = Stage()
    stage.lease(name="someone-elses")
    assert stage.waits() == (0, None)


def test_an_operator_for_given_namespaces_may_do_without() -> None:
    tenancy = Tenancy("", ["ml"], clock=lambda: 0.0, now=lambda: START)
    assert (tenancy.wait("ml"), tenancy.named(), tenancy.complaints()) == (0, [], [])


def test_every_model_service_of_the_namespace_is_looked_at_when_it_changes_hands_and_not_at_each_renewal() -> None:
    stage = Stage()
    for store in stage.stores:
        store.upsert(model_service())
        store.upsert(model_service("llama", uid="uid-2"))
    stage.woken.clear()
    stage.lease()
    assert sorted(stage.woken) == sorted([Key("ml", "llama"), Key("ml", "qwen")] * 2)
    stage.woken.clear()
    stage.lease()
    assert stage.woken == []
    stage.lease(gone=True)
    assert len(stage.woken) == 4


def test_a_holder_is_one_line_of_a_names_length() -> None:
    """It goes into logs and metrics, and whoever may write Leases chooses it."""
    claim = Claim.from_manifest({"metadata": {}, "spec": {"holderIdentity": "a\nERROR forged\t" + "x" * 2**20}})
    assert claim.holder.startswith("aERROR forgedx")
    assert len(claim.holder) <= LONGEST
