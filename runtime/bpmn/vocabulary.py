"""The words of BPMN that are accepted: elements with their places and attributes, and camunda's.

Tables only. What is not in them is refused or warned of by lint/element_allowed,
unknown_element, unknown_attribute, unsupported_extension and without_effect."""

from __future__ import annotations

TASKS = frozenset(
    {"task", "userTask", "manualTask", "serviceTask", "sendTask", "receiveTask", "businessRuleTask"}
    | {"scriptTask"}
)
SUBPROCESSES = frozenset({"subProcess", "transaction", "adHocSubProcess"})
ACTIVITIES = TASKS | SUBPROCESSES | {"callActivity"}
GATEWAYS = frozenset(
    {"exclusiveGateway", "parallelGateway", "inclusiveGateway", "complexGateway", "eventBasedGateway"}
)
EVENTS = frozenset(
    {"startEvent", "endEvent", "intermediateCatchEvent", "intermediateThrowEvent", "boundaryEvent"}
)
FLOW_NODES = ACTIVITIES | GATEWAYS | EVENTS

# What a task must say of itself: a person, an operation or a rule does it.
DOING = frozenset({"userTask", "serviceTask", "sendTask", "receiveTask", "businessRuleTask"})

# The event definitions that each event may carry; "none" stands for no definition.
TRIGGERS = {
    "startEvent": frozenset({"none", "message", "timer"}),
    "endEvent": frozenset({"none", "message", "error", "terminate"}),
    "intermediateCatchEvent": frozenset({"message", "timer"}),
    "intermediateThrowEvent": frozenset({"none", "message"}),
    "boundaryEvent": frozenset({"message", "timer", "error"}),
}

# Drawn, kept and shown, but nothing runs by them: variables live in the case (docs/lint/drawn_only.md).
DRAWN_ONLY = frozenset(
    {"dataObject", "dataObjectReference", "dataStore", "dataStoreReference", "itemDefinition", "property"}
    | {"dataInputAssociation", "dataOutputAssociation"}
)

_LEVEL = frozenset({"process", "subProcess"})
_ROOT = frozenset({"definitions"})
_NODES = frozenset(
    {"userTask", "serviceTask", "sendTask", "receiveTask", "businessRuleTask", "callActivity", "subProcess"}
)
_FLOWING = _NODES | EVENTS | {"exclusiveGateway", "parallelGateway", "eventBasedGateway"}
_ACTIVITY = frozenset({"default", "isForCompensation", "startQuantity", "completionQuantity"})
_ANY = frozenset({"id", "name"})

# element: (where it may stand, its attributes besides id and name)
ACCEPTED: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "definitions": (
        frozenset(),
        frozenset(
            {"targetNamespace", "exporter", "exporterVersion", "expressionLanguage", "typeLanguage"}
            | {"xsi:schemaLocation"}
        ),
    ),
    "process": (_ROOT, frozenset({"isExecutable", "processType", "isClosed"})),
    "collaboration": (_ROOT, frozenset({"isClosed"})),
    "participant": (frozenset({"collaboration"}), frozenset({"processRef"})),
    "messageFlow": (frozenset({"collaboration"}), frozenset({"sourceRef", "targetRef", "messageRef"})),
    "message": (_ROOT, frozenset({"itemRef"})),
    "error": (_ROOT, frozenset({"errorCode", "structureRef"})),
    # Left behind by modelers after the event that used them was deleted; using them is refused.
    "signal": (_ROOT, frozenset({"structureRef"})),
    "escalation": (_ROOT, frozenset({"escalationCode", "structureRef"})),
    "category": (_ROOT, frozenset()),
    "categoryValue": (frozenset({"category"}), frozenset({"value"})),
    "laneSet": (frozenset({"process"}), frozenset()),
    "lane": (frozenset({"laneSet", "childLaneSet"}), frozenset()),
    "childLaneSet": (frozenset({"lane"}), frozenset()),
    "flowNodeRef": (frozenset({"lane"}), frozenset()),
    "sequenceFlow": (_LEVEL, frozenset({"sourceRef", "targetRef", "isImmediate"})),
    "conditionExpression": (frozenset({"sequenceFlow"}), frozenset({"xsi:type", "language"})),
    "startEvent": (_LEVEL, frozenset({"isInterrupting", "parallelMultiple"})),
    "endEvent": (_LEVEL, frozenset()),
    "intermediateCatchEvent": (_LEVEL, frozenset({"parallelMultiple"})),
    "intermediateThrowEvent": (_LEVEL, frozenset()),
    "boundaryEvent": (_LEVEL, frozenset({"attachedToRef", "cancelActivity", "parallelMultiple"})),
    "timerEventDefinition": (EVENTS, frozenset()),
    "timeDate": (frozenset({"timerEventDefinition"}), frozenset({"xsi:type"})),
    "timeDuration": (frozenset({"timerEventDefinition"}), frozenset({"xsi:type"})),
    "timeCycle": (frozenset({"timerEventDefinition"}), frozenset({"xsi:type"})),
    "messageEventDefinition": (EVENTS, frozenset({"messageRef"})),
    "errorEventDefinition": (EVENTS, frozenset({"errorRef"})),
    "terminateEventDefinition": (EVENTS, frozenset()),
    "userTask": (_LEVEL, _ACTIVITY | {"implementation"}),
    "serviceTask": (_LEVEL, _ACTIVITY | {"implementation"}),
    "sendTask": (_LEVEL, _ACTIVITY | {"implementation", "messageRef"}),
    "receiveTask": (_LEVEL, _ACTIVITY | {"implementation", "messageRef", "instantiate"}),
    "businessRuleTask": (_LEVEL, _ACTIVITY | {"implementation"}),
    "callActivity": (_LEVEL, _ACTIVITY | {"calledElement"}),
    "subProcess": (_LEVEL, _ACTIVITY | {"triggeredByEvent"}),
    "humanPerformer": (frozenset({"userTask"}), frozenset()),
    "potentialOwner": (frozenset({"userTask"}), frozenset()),
    "resourceAssignmentExpression": (frozenset({"humanPerformer", "potentialOwner"}), frozenset()),
    "formalExpression": (frozenset({"resourceAssignmentExpression"}), frozenset({"xsi:type", "language"})),
    "exclusiveGateway": (_LEVEL, frozenset({"default", "gatewayDirection"})),
    "parallelGateway": (_LEVEL, frozenset({"gatewayDirection"})),
    "eventBasedGateway": (_LEVEL, frozenset({"gatewayDirection", "instantiate", "eventGatewayType"})),
    "multiInstanceLoopCharacteristics": (_NODES, frozenset({"isSequential", "behavior"})),
    "loopCardinality": (frozenset({"multiInstanceLoopCharacteristics"}), frozenset({"xsi:type"})),
    "completionCondition": (
        frozenset({"multiInstanceLoopCharacteristics"}),
        frozenset({"xsi:type", "language"}),
    ),
    "loopDataInputRef": (frozenset({"multiInstanceLoopCharacteristics"}), frozenset()),
    "inputDataItem": (frozenset({"multiInstanceLoopCharacteristics"}), frozenset({"itemSubjectRef"})),
    "loopDataOutputRef": (frozenset({"multiInstanceLoopCharacteristics"}), frozenset()),
    "outputDataItem": (frozenset({"multiInstanceLoopCharacteristics"}), frozenset({"itemSubjectRef"})),
    "incoming": (_FLOWING, frozenset()),
    "outgoing": (_FLOWING, frozenset()),
    "textAnnotation": (_LEVEL | {"collaboration"}, frozenset({"textFormat"})),
    "text": (frozenset({"textAnnotation"}), frozenset()),
    "association": (
        _LEVEL | {"collaboration"},
        frozenset({"sourceRef", "targetRef", "associationDirection"}),
    ),
    "group": (_LEVEL | {"collaboration"}, frozenset({"categoryValueRef"})),
}
# These two may stand in any element.
EVERYWHERE = {"documentation": frozenset({"textFormat"}), "extensionElements": frozenset[str]()}
SHARED_ATTRIBUTES = _ANY

# Attributes whose one accepted value is BPMN's default: another one would change how it runs.
DEFAULTS = {
    "isForCompensation": "false",
    "startQuantity": "1",
    "completionQuantity": "1",
    "parallelMultiple": "false",
    "instantiate": "false",
    "eventGatewayType": "Exclusive",
    "behavior": "All",
}

# Every other element of BPMN 2.0, so that a typing error is told apart from what is not accepted yet.
REFUSED = frozenset(
    {
        "activationCondition", "adHocSubProcess", "artifact", "assignment", "auditing",
        "boundaryEventDefinition", "callChoreography", "callConversation", "callableElement",
        "cancelEventDefinition", "choreography", "choreographyTask", "compensateEventDefinition",
        "complexBehaviorDefinition", "complexGateway", "condition", "conditionalEventDefinition",
        "conversation", "conversationAssociation", "conversationLink", "correlationKey",
        "correlationProperty", "correlationPropertyBinding", "correlationPropertyRetrievalExpression",
        "correlationSubscription", "dataInput", "dataOutput", "dataPath", "dataState", "endPoint",
        "escalationEventDefinition", "eventDefinitionRef", "extension", "from", "globalBusinessRuleTask",
        "globalChoreographyTask", "globalConversation", "globalManualTask", "globalScriptTask",
        "globalTask", "globalUserTask", "implicitThrowEvent", "import", "inclusiveGateway", "inMessageRef",
        "inputSet", "interface", "ioBinding", "ioSpecification", "linkEventDefinition", "loopCondition",
        "loopMaximum", "manualTask", "messageFlowAssociation", "messagePath", "monitoring",
        "noneBehaviorEventDefinitionRef", "oneBehaviorEventDefinitionRef", "operation", "operationRef",
        "outMessageRef", "outputSet", "participantAssociation", "participantMultiplicity",
        "partitionElement", "partnerEntity", "partnerRole", "performer", "relationship", "rendering",
        "resource", "resourceParameter", "resourceParameterBinding", "resourceRef", "resourceRole",
        "script", "scriptTask", "signalEventDefinition", "standardLoopCharacteristics", "subChoreography",
        "subConversation", "supportedInterfaceRef", "supports", "task", "to", "transaction",
        "transformation"
    }
)

# camunda:ELEMENT: (where it may stand, its attributes). Those directly in extensionElements are
# placed by the element that owns them.
EXTENSIONS: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "properties": (
        _FLOWING | {"process", "sequenceFlow", "lane", "participant", "collaboration", "message", "error"},
        frozenset(),
    ),
    "property": (frozenset({"properties"}), frozenset({"id", "name", "value"})),
    "inputOutput": (
        _NODES | EVENTS,
        frozenset(),
    ),
    "inputParameter": (frozenset({"inputOutput"}), frozenset({"name"})),
    "outputParameter": (frozenset({"inputOutput"}), frozenset({"name"})),
    "list": (frozenset({"inputParameter", "outputParameter", "list", "entry"}), frozenset()),
    "map": (frozenset({"inputParameter", "outputParameter", "list", "entry"}), frozenset()),
    "entry": (frozenset({"map"}), frozenset({"key"})),
    "value": (frozenset({"list"}), frozenset()),
    "in": (
        frozenset({"callActivity"}),
        frozenset({"source", "sourceExpression", "target", "variables", "businessKey", "local"}),
    ),
    "out": (
        frozenset({"callActivity"}),
        frozenset({"source", "sourceExpression", "target", "variables", "local"}),
    ),
}

# camunda:ATTRIBUTE by element.
EXTENSION_ATTRIBUTES: dict[str, frozenset[str]] = {
    "process": frozenset(
        {"candidateStarterUsers", "candidateStarterGroups", "versionTag", "isStartableInTasklist"}
    ),
    "startEvent": frozenset({"initiator", "formKey", "formRef", "formRefBinding"}),
    "userTask": frozenset(
        {"assignee", "candidateUsers", "candidateGroups", "dueDate", "followUpDate", "priority"}
        | {"formKey", "formRef", "formRefBinding"}
    ),
    "serviceTask": frozenset({"type", "topic"}),
    "sendTask": frozenset({"type", "topic"}),
    "businessRuleTask": frozenset(
        {"decisionRef", "decisionRefBinding", "resultVariable", "mapDecisionResult"}
    ),
    "callActivity": frozenset({"calledElementBinding"}),
    "multiInstanceLoopCharacteristics": frozenset({"collection", "elementVariable"}),
    "errorEventDefinition": frozenset({"errorCodeVariable", "errorMessageVariable"}),
    "error": frozenset({"errorMessage"}),
}
# What modelers write for themselves, and historyTimeToLive, which Camunda Modeler demands: cases are kept.
SILENT_ATTRIBUTES = frozenset(
    {"modelerTemplate", "modelerTemplateVersion", "modelerTemplateIcon", "diagramRelationId"}
    | {"historyTimeToLive"}
)
# Each automatic step is already a step of its own, and retried alike.
WITHOUT_EFFECT = frozenset(
    {"asyncBefore", "asyncAfter", "async", "exclusive", "jobPriority", "taskPriority"}
    | {"failedJobRetryTimeCycle"}
)
