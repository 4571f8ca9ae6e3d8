if obj.spec.rollout == nil then
  obj.spec.rollout = {}
end
obj.spec.rollout.restart = os.date("!%Y-%m-%dT%XZ")
return obj
